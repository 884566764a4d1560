import { Type } from '@sinclair/typebox';
import type { Component } from './names.ts';
import { OWNED_FLAGS, UNSUPPORTED_FLAGS } from './owned-flags.ts';
import type { ValidationRule } from './section.ts';

const list = (flags: readonly string[]): string => `[${flags.map((flag) => `'${flag}'`).join(', ')}]`;

const refuse = (flags: readonly string[], reason: string): ValidationRule => ({
  rule: `self.all(name, !(name in ${list(flags)}))`,
  messageExpression: `'flags: -' + ${list(flags)}.filter(name, name in self)[0] + ' ${reason}'`,
});

/** Rules for the flags of daemons that call the catalog or subscribe to the statestore. */
const subscriberRules: readonly ValidationRule[] = [
  {
    rule:
      "!('catalog_client_rpc_timeout_ms' in self) || " +
      "self['catalog_client_rpc_timeout_ms'].matches('^(0|[6-9][0-9]{5}|[1-9][0-9]{6,9})$')",
    message:
      'flags: catalog_client_rpc_timeout_ms below 600000 makes coordinators send a long DDL statement again while it ' +
      'still runs: leave it out, or write at least 600000, or 0 for no limit',
  },
  {
    rule:
      "!('statestore_subscriber_cnxn_attempts' in self) || " +
      "self['statestore_subscriber_cnxn_attempts'].matches('^[1-9][0-9]{0,3}$')",
    message:
      'flags: statestore_subscriber_cnxn_attempts of 0 makes a daemon try for ever without looking for a new statestored: ' +
      'leave it out or write a number from 1 to 9999',
  },
];

/** The schema of a component's flags: names without dashes, values as strings. */
export function flags(component: Component) {
  return Type.Optional(
    Type.Record(Type.String(), Type.String({ maxLength: 16384 }), {
      description:
        "Flags of the daemon, by name without leading dashes; values are strings. They follow the operator's own, so that " +
        'they win. A flag that the operator must own is refused, as is one that the version does not know. $(POD_NAME) in a ' +
        "value stands for the pod's name, and $$ for a dollar sign, as in any container's arguments.",
      maxProperties: 200,
      'x-kubernetes-validations': [
        {
          rule: "self.all(name, !name.startsWith('-'))",
          message: 'flags: write names without leading dashes, as in mem_limit: 10g',
        },
        refuse(OWNED_FLAGS[component], 'is set by the operator: leave it out'),
        refuse(UNSUPPORTED_FLAGS, 'is not supported yet: health checks speak plain HTTP. Leave it out'),
        ...(component === 'statestore' ? [] : subscriberRules),
      ],
    }),
  );
}
