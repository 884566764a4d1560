import type { Component } from '../api/names.ts';
import { OWNED_FLAGS, UNSUPPORTED_FLAGS } from '../api/owned-flags.ts';
import { isKnownFlag } from './flags/known-flags.ts';
import type { InvalidSpec } from './invalid-spec.ts';
import { formatVersion } from './versions.ts';
import type { ImpalaVersion } from './versions.ts';

/** Flags by name, without dashes. */
export type Flags = Readonly<Record<string, string>>;

const SPEC_FIELDS: Readonly<Record<Component, string>> = {
  statestore: 'spec.statestore.flags',
  catalog: 'spec.catalog.flags',
  coordinator: 'spec.coordinators.flags',
  executor: 'spec.executors.flags',
};

/** Flags whose values the operator reads, because something of its own follows from them. */
const WHOLE_NUMBERS = [
  'shutdown_grace_period_s',
  'shutdown_deadline_s',
  'statestore_subscriber_timeout_seconds',
  'statestore_client_rpc_timeout_ms',
  'statestore_subscriber_cnxn_retry_interval_ms',
  'beeswax_port',
];

/** What is wrong with the flags that a user gives a component: nothing, or one entry for each flag that is. */
export function invalidFlags(component: Component, flags: Flags, version: ImpalaVersion): InvalidSpec[] {
  const field = SPEC_FIELDS[component];
  return Object.entries(flags).flatMap(([flag, value]): InvalidSpec[] => {
    const fault = flagFault(component, flag, value, version);
    return fault === undefined ? [] : [{ field, component, message: `${field}: -${flag} ${fault}` }];
  });
}

function flagFault(component: Component, flag: string, value: string, version: ImpalaVersion): string | undefined {
  if (OWNED_FLAGS[component].includes(flag)) return 'is set by the operator: leave it out';
  if ((UNSUPPORTED_FLAGS as readonly string[]).includes(flag)) return 'is not supported yet: leave it out';
  if (!isKnownFlag(flag, version)) {
    return `is not a flag of Impala ${formatVersion(version)}, whose daemons would stop at it: leave it out`;
  }
  if (WHOLE_NUMBERS.includes(flag) && !/^[0-9]{1,9}$/.test(value)) return `is not a whole number: ${value}`;
  return undefined;
}

/**
 * The flags that a daemon ends up with: the operator's, as far as its version knows them, and the user's, which win.
 * They come in a fixed order, the user's last, so that the same spec always makes the same pod.
 */
export function effectiveFlags(operators: Flags, users: Flags, version: ImpalaVersion): Flags {
  const own = Object.entries(operators).filter(([flag]) => isKnownFlag(flag, version) && users[flag] === undefined);
  const theirs = Object.entries(users).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries([...own, ...theirs]);
}

/** Flags as arguments. Values stay as they are spelled. */
export const toArguments = (flags: Flags): string[] =>
  Object.entries(flags).map(([flag, value]) => `-${flag}=${value}`);

/**
 * The value of a flag that the operator emits and {@link invalidFlags} has checked.
 * @throws Error when it is missing or no number, which only a fault in this program can cause
 */
export function wholeNumber(flags: Flags, flag: string): number {
  const value = Number(flags[flag]);
  if (flags[flag] === undefined || !Number.isSafeInteger(value))
    throw new Error(`-${flag} has no number: ${flags[flag]}`);
  return value;
}
