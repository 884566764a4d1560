import { failureOfStatus } from '../kube/api-failure.ts';
import { KubernetesApiError, type ObjectReference } from '../kube/kubernetes-api.ts';

/** What the server finds wrong with a request, before it is known whose call it was. */
export class StatusError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly causes: { field?: string; message?: string }[];

  constructor(code: number, reason: string, message: string, causes: { field?: string; message?: string }[] = []) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.causes = causes;
  }

  /** As the REST client reports it. */
  toApiError(doing: string): KubernetesApiError {
    const { message, reason, code, causes } = this;
    return failureOfStatus(doing, code, { message, reason, ...(causes.length === 0 ? {} : { details: { causes } }) });
  }
}

type Named = Pick<ObjectReference, 'resource' | 'name'>;

const describe = ({ resource, name }: Named): string => {
  const [group, version] = resource.apiVersion.split('/');
  return `${resource.plural}${version === undefined ? '' : `.${group}`} "${name}"`;
};

export const badRequest = (message: string): StatusError => new StatusError(400, 'BadRequest', message);

export const forbidden = (message: string): StatusError => new StatusError(403, 'Forbidden', message);

/** What the server does not expect; not always its own fault. */
export const internalError = (message: string): StatusError => new StatusError(500, 'InternalError', message);

export const notFound = (what: Named): StatusError => new StatusError(404, 'NotFound', `${describe(what)} not found`);

export const alreadyExists = (what: Named): StatusError =>
  new StatusError(409, 'AlreadyExists', `${describe(what)} already exists`);

export const conflict = (what: Named, why: string, causes?: { field?: string; message?: string }[]): StatusError =>
  new StatusError(409, 'Conflict', `Operation cannot be fulfilled on ${describe(what)}: ${why}`, causes);

export const expired = (requested: number, oldest: number): StatusError =>
  new StatusError(410, 'Expired', `too old resource version: ${requested} (${oldest})`);

/** A body that was understood and breaks a rule. */
export const invalid = (what: Named, causes: { field: string; message: string }[]): StatusError =>
  new StatusError(
    422,
    'Invalid',
    `${describe(what)} is invalid: ${causes.map(({ field, message }) => `${field}: ${message}`).join(', ')}`,
    causes,
  );
