import type { KubernetesObject, Lease } from '../kube/kubernetes-object.ts';
import type { Cause, KindRules } from './kind-rules.ts';
import { isFields } from './json.ts';
import { badRequest } from './status-error.ts';

/** What Go's time.Parse takes for RFC3339Micro. */
const MICRO_TIME = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.(\d{6})(Z|[+-]\d\d:\d\d)$/;

type Decode = (value: unknown, field: string) => unknown;

const wrongType = (field: string, value: unknown, wanted: string): Error =>
  badRequest(
    `Lease in version "v1" cannot be handled as a Lease: json: cannot unmarshal ${typeof value} into Go struct field ` +
      `LeaseSpec.spec.${field} of type ${wanted}`,
  );

const text: Decode = (value, field) => {
  if (typeof value !== 'string') throw wrongType(field, value, 'string');
  return value;
};

const int32: Decode = (value, field) => {
  if (!Number.isInteger(value) || Math.abs(value as number) > 2 ** 31 - 1) throw wrongType(field, value, 'int32');
  return value;
};

/** Kept in UTC, whatever zone it was sent in. */
const microTime: Decode = (value, field) => {
  const [, day, time = '', fraction = '', zone = ''] = typeof value === 'string' ? (MICRO_TIME.exec(value) ?? []) : [];
  const moment = Date.parse(`${day}T${time}${zone}`);
  if (day === undefined || Number.isNaN(moment) || !isDay(day)) {
    throw badRequest(
      `Lease in version "v1" cannot be handled as a Lease: parsing time ${JSON.stringify(value)} as ` +
        `"2006-01-02T15:04:05.000000Z07:00" (spec.${field})`,
    );
  }
  return zone === 'Z' ? value : new Date(moment).toISOString().replace(/\.\d{3}Z$/, `.${fraction}Z`);
};

/** JavaScript takes February 30 for March 2. */
const isDay = (day: string): boolean => Number(day.slice(8)) <= 28 || new Date(day).toISOString().startsWith(day);

/** Everything else is dropped: `strategy` and `preferredHolder` too, whose feature is off by default. */
const SPEC: Readonly<Record<string, Decode>> = {
  holderIdentity: text,
  leaseDurationSeconds: int32,
  acquireTime: microTime,
  renewTime: microTime,
  leaseTransitions: int32,
};

function decode(object: KubernetesObject): KubernetesObject {
  const { apiVersion, kind, metadata, spec: given = {} } = object as Lease;
  if (!isFields(given)) throw badRequest('Lease in version "v1" cannot be handled as a Lease: spec is no object');
  const spec: Record<string, unknown> = {};
  for (const [field, decodeField] of Object.entries(SPEC)) {
    const value = given[field];
    if (value !== undefined) spec[field] = decodeField(value, field);
  }
  return { apiVersion, kind, metadata, spec } as Lease;
}

function validate(object: KubernetesObject): Cause[] {
  const { leaseDurationSeconds = 1, leaseTransitions = 0 } = (object as Lease).spec ?? {};
  const causes: Cause[] = [];
  if (leaseDurationSeconds <= 0) {
    causes.push({
      field: 'spec.leaseDurationSeconds',
      message: `Invalid value: ${leaseDurationSeconds}: must be greater than 0`,
    });
  }
  if (leaseTransitions < 0) {
    causes.push({
      field: 'spec.leaseTransitions',
      message: `Invalid value: ${leaseTransitions}: must be greater than or equal to 0`,
    });
  }
  return causes;
}

function undeclaredField(applied: KubernetesObject): string | undefined {
  const { spec } = applied as { spec?: unknown };
  const declared = [...Object.keys(SPEC), 'strategy', 'preferredHolder'];
  const undeclared = isFields(spec) ? Object.keys(spec).find((field) => !declared.includes(field)) : undefined;
  return undeclared === undefined ? undefined : `.spec.${undeclared}`;
}

/** coordination.k8s.io/v1, as Kubernetes 1.36 has it. */
export const leaseRules: KindRules = { createsOnReplace: true, decode, undeclaredField, validate };
