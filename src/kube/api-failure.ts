import type { Milliseconds } from './clock.ts';
import { KubernetesApiError, type ApiErrorReason } from './kubernetes-api.ts';

/** meta/v1 Status, the body of every refusal: the parts that are used. */
export interface StatusBody {
  message?: string;
  reason?: string;
  code?: number;
  details?: { retryAfterSeconds?: number; causes?: { field?: string; message?: string }[] };
}

/**
 * What server-side apply says of a body that does not fit the schema. It says it with HTTP 500, though it says the same
 * of the same body each time.
 */
const MISFIT = /failed to create typed patch object|field not declared in schema|duplicate entries for key/;

/**
 * The error for an answer that is not 2xx.
 * @param doing what was being done, as in "get Lease default/impala-statestore"
 * @param retryAfterHeader the header Retry-After: seconds, or a date
 * @param date the wall clock, for a Retry-After that is a date
 */
export function failureOfAnswer(
  doing: string,
  httpStatus: number,
  body: string,
  retryAfterHeader: string | undefined,
  date: Date,
): KubernetesApiError {
  const status = parseStatus(body);
  return failureOfStatus(doing, httpStatus, status, retryAfterOf(retryAfterHeader, date));
}

/** The error for a Status, whether it is an answer's body or came as an ERROR event of a watch. */
export function failureOfStatus(
  doing: string,
  httpStatus: number,
  status: StatusBody,
  retryAfterHeader?: Milliseconds,
): KubernetesApiError {
  const seconds = status.details?.retryAfterSeconds;
  const retryAfter = retryAfterHeader ?? (seconds === undefined ? undefined : seconds * 1000);
  const message = status.message ?? `HTTP ${httpStatus}`;
  return new KubernetesApiError(doing, reasonOf(httpStatus, status), message, {
    status: httpStatus,
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(status.details?.causes === undefined
      ? {}
      : { causes: status.details.causes.map(({ field, message }) => onlyDefined(field, message)) }),
  });
}

const REASONS: Readonly<Record<number, ApiErrorReason>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  408: 'Timeout',
  409: 'Conflict',
  410: 'Expired',
  429: 'TooManyRequests',
};

function reasonOf(httpStatus: number, status: StatusBody): ApiErrorReason {
  if (httpStatus === 409 && status.reason === 'AlreadyExists') return 'AlreadyExists';
  // A patch that names an object by uid finds another one under its name: the API server calls that an invalid change of
  // the uid (422), but nothing is wrong with the request. It is 409 when there is no such object at all.
  if (status.details?.causes?.some(({ field }) => field === 'metadata.uid')) return 'Conflict';
  const misfit = httpStatus >= 500 && MISFIT.test(status.message ?? '');
  return REASONS[httpStatus] ?? (httpStatus >= 500 && !misfit ? 'ServerError' : 'Invalid');
}

function parseStatus(body: string): StatusBody {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null && 'kind' in parsed && parsed.kind === 'Status') {
      return parsed as StatusBody;
    }
  } catch {
    // Not from an API server but from something in between: its text is the best there is to show.
  }
  const text = body.trim().slice(0, 300);
  return text === '' ? {} : { message: text };
}

function retryAfterOf(header: string | undefined, date: Date): Milliseconds | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const moment = Date.parse(header);
  return Number.isNaN(moment) ? undefined : Math.max(0, moment - date.getTime());
}

function onlyDefined(field: string | undefined, message: string | undefined): { field?: string; message?: string } {
  return { ...(field === undefined ? {} : { field }), ...(message === undefined ? {} : { message }) };
}
