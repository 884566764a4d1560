import type { KubernetesObject } from './kubernetes-object.ts';

/** v1 ObjectReference: whom an event is about. */
export interface EventSubject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
}

/** What happened, as whoever reports it says it. */
export interface EventDescription {
  readonly regarding: EventSubject;
  readonly type: 'Normal' | 'Warning';
  /** Why, for machines: one word in UpperCamelCase. */
  readonly reason: string;
  /** What was done or failed, for machines: one word in UpperCamelCase. */
  readonly action: string;
  /** For people; cut at 1024 bytes. */
  readonly note: string;
}

/** events.k8s.io/v1 Event as it stands on the wire. */
export interface KubernetesEvent extends KubernetesObject {
  eventTime: string;
  reportingController: string;
  reportingInstance: string;
  action: string;
  reason: string;
  type: 'Normal' | 'Warning';
  regarding: EventSubject;
  note: string;
  series?: { count: number; lastObservedTime: string };
}

/** The limits of the API server's validation. */
const NOTE_BYTES = 1024;
const FIELD_CHARACTERS = 128;
const NAME_CHARACTERS = 253;

/** The object as the subject of an event. */
export function subjectOf({ apiVersion, kind, metadata }: KubernetesObject): EventSubject {
  return {
    apiVersion: apiVersion ?? '',
    kind: kind ?? '',
    name: metadata.name,
    ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
    ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
  };
}

/** The namespace that an event belongs into: its subject's, and `default` for one that has none. */
export const eventNamespace = (regarding: EventSubject): string => regarding.namespace ?? 'default';

/** @param suffix makes the name unique among the events of one subject */
export function eventName(regarding: EventSubject, suffix: string): string {
  return `${regarding.name.slice(0, NAME_CHARACTERS - suffix.length - 1)}.${suffix}`;
}

/** @param name of the event, see {@link eventName} */
export function buildEvent(
  description: EventDescription,
  name: string,
  reporter: { readonly controller: string; readonly instance: string },
  eventTime: string,
): KubernetesEvent {
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name, namespace: eventNamespace(description.regarding) },
    eventTime,
    reportingController: reporter.controller,
    reportingInstance: reporter.instance.slice(0, FIELD_CHARACTERS),
    action: description.action.slice(0, FIELD_CHARACTERS),
    reason: description.reason.slice(0, FIELD_CHARACTERS),
    type: description.type,
    regarding: description.regarding,
    note: truncate(description.note, NOTE_BYTES),
  };
}

/** The text in at most that many bytes of UTF-8, with an ellipsis where it was cut. */
function truncate(text: string, bytes: number): string {
  const encoded = Buffer.from(text);
  if (encoded.length <= bytes) return text;
  const ellipsis = '…';
  let end = bytes - Buffer.byteLength(ellipsis);
  // Not in the middle of a character: its second and further bytes begin with the bits 10.
  while (((encoded[end] ?? 0) & 0xc0) === 0x80) end--;
  return encoded.subarray(0, end).toString('utf8') + ellipsis;
}
