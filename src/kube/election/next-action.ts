import type { Milliseconds } from '../clock.ts';
import type { Lease } from '../kubernetes-object.ts';
import { tenancy, type ElectionRules, type ElectionState } from './election.ts';
import type { Observation } from './observation.ts';
import { mayBeClaimedAt } from './outage.ts';
import { formatRoster, rosterOf, type Roster } from './roster.ts';

/** What the process that campaigns wants of the Lease at this moment. */
export interface Desire {
  /**
   * How long after the Lease became free this process claims it: 0 at once, a delay to let a better candidate go first,
   * `never` when it could not be active.
   */
  readonly claim: { readonly after: Milliseconds } | 'never';
  /** Whether a held Lease is renewed. */
  readonly renew: boolean;
  /** Whether a held Lease is to be released: only once what it guards is proven dead. */
  readonly release: boolean;
  /** Annotations that the Lease shall carry (undefined: shall not). */
  readonly annotations: Readonly<Record<string, string | undefined>>;
  /** Who may claim the records that this process writes as the holder: itself, and who else is known to be there. */
  readonly roster?: Roster;
  /** Annotations that it shall carry while this process holds it. */
  readonly holderAnnotations?: Readonly<Record<string, string | undefined>>;
}

export type Action =
  | { readonly kind: 'read' }
  | { readonly kind: 'claim' | 'renew' | 'release' | 'annotate'; readonly lease: Lease }
  | { readonly kind: 'wait'; readonly until: Milliseconds };

/** What to do next. Every answer but a wait is one call; after its outcome the question is asked again. */
export function nextAction(state: ElectionState, desire: Desire, rules: ElectionRules, now: Milliseconds): Action {
  if (now < state.notBefore) return { kind: 'wait', until: state.notBefore };
  const { observation, standing } = state;
  if (state.mustRead || observation === undefined) return { kind: 'read' };
  if (observation.lease === undefined) return readAt(observation.lastHeard + rules.retryPeriod, now);
  const known = { ...observation, lease: observation.lease };

  switch (standing.kind) {
    case 'releasing':
      return { kind: 'release', lease: known.lease };
    case 'claiming':
      // The answer was lost and the Lease is still as it was. The claim may yet take place, so it is not forgotten, but
      // it is sent again only while it is still wanted.
      if (desire.claim === 'never') return readAt(known.lastHeard + rules.retryPeriod, now);
      return { kind: 'claim', lease: known.lease };
    case 'reclaiming':
      return { kind: 'claim', lease: known.lease };
    case 'holder':
      if (known.lease.metadata.uid !== standing.claim.base.uid) return { kind: 'claim', lease: known.lease };
      return holderAction(state.lastSent ?? Number.NEGATIVE_INFINITY, known.lease, desire, rules, now);
    case 'challenger':
      return challengerAction(known, claimableAt(state, known, desire, rules), desire, rules, now);
  }
}

function holderAction(
  lastSent: Milliseconds,
  lease: Lease,
  desire: Desire,
  rules: ElectionRules,
  now: Milliseconds,
): Action {
  if (desire.release) return { kind: 'release', lease };
  if (!desire.renew) return { kind: 'wait', until: Number.POSITIVE_INFINITY };
  const due = lastSent + rules.retryPeriod;
  if (now >= due || lacksWords(lease, desire, rules)) return { kind: 'renew', lease };
  return { kind: 'wait', until: due };
}

function challengerAction(
  observation: Observation & { lease: Lease },
  claimAt: Milliseconds,
  desire: Desire,
  rules: ElectionRules,
  now: Milliseconds,
): Action {
  const { lease } = observation;
  // Who hears nothing looks again before it claims. Otherwise it would send claims that cannot succeed while the API server
  // is out of its sight, and with a claim under way it could promise nothing to a holder that is alive (P14).
  if (now >= claimAt) return observation.lastHeard >= claimAt ? { kind: 'claim', lease } : { kind: 'read' };
  if (lacksAnnotations(lease, desire.annotations)) return { kind: 'annotate', lease };
  const silentAt = observation.lastHeard + 2 * rules.retryPeriod;
  if (now >= silentAt) return { kind: 'read' };
  return { kind: 'wait', until: Math.min(claimAt, silentAt) };
}

/** When a challenger may claim: a released Lease at once, any other when it was not renewed for long enough. */
function claimableAt(
  state: ElectionState,
  observation: Observation,
  desire: Desire,
  rules: ElectionRules,
): Milliseconds {
  if (desire.claim === 'never') return Number.POSITIVE_INFINITY;
  const released = tenancy(state, rules).kind === 'released';
  const free = released ? observation.unchangedSince : mayBeClaimedAt(state, observation, rules);
  const othersFirst = state.releasedAt === undefined ? free : Math.max(free, state.releasedAt + rules.retryPeriod);
  return othersFirst + desire.claim.after;
}

const lacksAnnotations = (lease: Lease, wanted: Desire['annotations']): boolean =>
  Object.entries(wanted).some(([name, value]) => lease.metadata.annotations?.[name] !== value);

/** Whether a holder has something to write before its next renewal is due: a new member must not wait to be on the roster. */
function lacksWords(
  lease: Lease,
  { annotations, holderAnnotations, roster }: Desire,
  { outage }: ElectionRules,
): boolean {
  if (lacksAnnotations(lease, { ...annotations, ...holderAnnotations })) return true;
  return (
    outage !== undefined &&
    roster !== undefined &&
    formatRoster(roster) !== formatRoster(rosterOf(lease, outage.rosterAnnotation))
  );
}

const readAt = (at: Milliseconds, now: Milliseconds): Action =>
  now >= at ? { kind: 'read' } : { kind: 'wait', until: at };
