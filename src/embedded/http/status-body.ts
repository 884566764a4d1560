import type { StatusError } from '../status-error.ts';

/** meta/v1 Status: how a refusal looks on the wire. */
export function statusBody({ code, reason, message, causes }: StatusError): object {
  const details =
    causes.length === 0 ? {} : { causes: causes.map((cause) => ({ reason: 'FieldValueInvalid', ...cause })) };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, details, code };
}
