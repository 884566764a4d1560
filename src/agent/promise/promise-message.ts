/** What the agents of a pair say to each other while the active cannot renew its Lease, as JSON, and nothing else. */

/** The claim that the active relies on: whoever promises must have seen a write of it. */
export interface PromisedRecord {
  readonly leaseUid: string;
  /** The newest version of the Lease that the active knows to be its own: for whoever reads the traffic. */
  readonly resourceVersion: string;
  /** The holderIdentity of the claim. */
  readonly holder: string;
}

/** The active asks one member of its roster not to claim the Lease for as long as the record says. */
export interface PromiseRequest {
  readonly namespace: string;
  /** The name of the Lease. */
  readonly pair: string;
  /** The pod that is asked, by uid: an address may have passed on to another. */
  readonly to: string;
  /** Who asks. */
  readonly from: { readonly pod: string; readonly uid: string };
  /** Tells one round of asking from the next: an answer counts only for the round that it names. */
  readonly round: number;
  /**
   * The claim that is active and, while the claim of a Lease that was made anew is under way, that one too (with the
   * version that it replaces).
   */
  readonly records: readonly [PromisedRecord, PromisedRecord?];
  /** The lease duration that stands in the record, in seconds. */
  readonly durationSeconds: number;
}

export const REFUSALS = [
  /** It holds the Lease, or has sent a claim that may yet take place. */
  'claiming',
  /** It has not seen the record, or has seen another holder's since. */
  'unseen',
  /** It is another pod than the one that was asked, or of another pair. */
  'mistaken',
] as const;
export type Refusal = (typeof REFUSALS)[number];

export type PromiseAnswer =
  | { readonly kind: 'promised'; readonly round: number }
  | { readonly kind: 'refused'; readonly round: number; readonly because: Refusal };

/** A member of the pair, and where its agent listens. */
export interface PromisePeer {
  readonly pod: string;
  readonly uid: string;
  readonly address: string;
}

/** How requests reach the other agents. */
export interface PromiseTransport {
  /**
   * Asks once.
   * @param timeout in milliseconds, for all of it: connecting, asking and being answered
   * @throws Error when there was no answer in time, or none that can be read
   */
  ask(peer: PromisePeer, request: PromiseRequest, timeout: number, signal: AbortSignal): Promise<PromiseAnswer>;
}

/** How an agent answers. It must not throw, and answers at once. */
export type AnswerPromiseRequest = (request: PromiseRequest) => PromiseAnswer;

/** No message of either kind is longer, in bytes. */
export const LONGEST_MESSAGE = 4096;

/** Names, uids and identities (two names and a uid) are no longer than this. */
const LONGEST_TEXT = 512;
const LONGEST_DURATION_SECONDS = 86_400;

/** @returns nothing for anything but a whole, well-formed request */
export function parsePromiseRequest(text: string): PromiseRequest | undefined {
  const value = parseFields(text);
  const from = fieldsOf(value?.from);
  const records = parseRecords(value?.records);
  if (!value || !from || !records) return undefined;
  const { namespace, pair, to, round, durationSeconds } = value;
  if (!isText(namespace) || !isText(pair) || !isText(to) || !isText(from.pod) || !isText(from.uid)) return undefined;
  if (!isCount(round) || !isCount(durationSeconds) || durationSeconds > LONGEST_DURATION_SECONDS) return undefined;
  return { namespace, pair, to, from: { pod: from.pod, uid: from.uid }, round, records, durationSeconds };
}

/** @returns nothing for anything but a whole, well-formed answer */
export function parsePromiseAnswer(text: string): PromiseAnswer | undefined {
  const value = parseFields(text);
  if (!value || !isCount(value.round)) return undefined;
  const { kind, round, because } = value;
  if (kind === 'promised') return { kind, round };
  const refusal = REFUSALS.find((known) => known === because);
  return kind === 'refused' && refusal !== undefined ? { kind, round, because: refusal } : undefined;
}

function parseRecords(value: unknown): PromiseRequest['records'] | undefined {
  if (!Array.isArray(value) || value.length < 1 || value.length > 2) return undefined;
  const [first, second] = value.map(parseRecord);
  if (first === undefined || (value.length === 2 && second === undefined)) return undefined;
  return second === undefined ? [first] : [first, second];
}

function parseRecord(value: unknown): PromisedRecord | undefined {
  const { leaseUid, resourceVersion, holder } = fieldsOf(value) ?? {};
  if (!isText(leaseUid) || !isText(resourceVersion) || !isText(holder)) return undefined;
  return { leaseUid, resourceVersion, holder };
}

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;

function parseFields(text: string): Fields | undefined {
  if (Buffer.byteLength(text) > LONGEST_MESSAGE) return undefined;
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= LONGEST_TEXT;

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;
