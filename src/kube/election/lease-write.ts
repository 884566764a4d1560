import type { Lease } from '../kubernetes-object.ts';
import type { Claim } from './claim.ts';
import type { ElectionRules } from './election.ts';
import type { Standing } from './standing.ts';
import { formatRoster } from './roster.ts';

export type Write = 'claim' | 'renew' | 'release' | 'annotate';

/** Annotations to set, or (undefined) to remove. */
export type AnnotationChanges = Readonly<Record<string, string | undefined>>;

/**
 * Builds a write from where `sending` has left this process.
 * @param lease the Lease as it was read
 * @returns nothing when the decision to write it has been overtaken
 */
export function written(
  kind: Write,
  lease: Lease,
  standing: Standing,
  { renewTime, rules, changes }: { renewTime: string; rules: ElectionRules; changes: AnnotationChanges },
): Lease | undefined {
  const durationSeconds = Math.round(rules.leaseDuration / 1000);
  switch (kind) {
    case 'annotate':
      return annotated(lease, changes);
    case 'release':
      if (standing.kind !== 'releasing') return undefined;
      return released(lease, standing.claim, renewTime, rules.releasedAnnotation, changes);
    case 'renew':
      if (standing.kind !== 'holder') return undefined;
      return claimed(lease, standing.claim, renewTime, durationSeconds, {
        ...changes,
        ...terms(standing.claim, rules),
      });
    case 'claim': {
      if (standing.kind !== 'claiming' && standing.kind !== 'reclaiming') return undefined;
      const claim = standing.kind === 'claiming' ? standing.claim : standing.next;
      const overtaken = { [rules.releasedAnnotation]: undefined, ...terms(claim, rules) };
      return claimed(lease, claim, renewTime, durationSeconds, { ...changes, ...overtaken });
    }
  }
}

/** What a holder's record says to who may follow it: who may, and for how long its holder may go on unseen (P14, P17). */
function terms({ sends }: Claim, { outage }: ElectionRules): AnnotationChanges {
  if (outage === undefined) return {};
  return {
    [outage.rosterAnnotation]: formatRoster(sends.at(-1)?.roster ?? []),
    [outage.maxOutageAnnotation]: String(Math.ceil(outage.maxOutage / 1000)),
    // Whoever writes is alive.
    [outage.goneAnnotation]: undefined,
  };
}

/**
 * The whole Lease as a write replaces it. It keeps the uid and resourceVersion of the Lease that was read, which makes
 * the PUT a compare-and-swap, and everything in it that is not the election's.
 */
function claimed(
  lease: Lease,
  claim: Claim,
  renewTime: string,
  durationSeconds: number,
  changes: AnnotationChanges,
): Lease {
  const sameHolder = lease.spec?.holderIdentity === claim.identity;
  return annotated(
    {
      ...lease,
      spec: {
        ...lease.spec,
        holderIdentity: claim.identity,
        leaseDurationSeconds: durationSeconds,
        acquireTime: sameHolder ? (lease.spec?.acquireTime ?? renewTime) : renewTime,
        renewTime,
        leaseTransitions: claim.term,
      },
    },
    changes,
  );
}

/** The Lease with its holder taken out and the statement, in the same PUT, that this very term is over. */
function released(
  lease: Lease,
  claim: Claim,
  renewTime: string,
  releasedAnnotation: string,
  changes: AnnotationChanges,
): Lease {
  return annotated(
    { ...lease, spec: { ...lease.spec, holderIdentity: '', renewTime, leaseTransitions: claim.term } },
    { ...changes, [releasedAnnotation]: String(claim.term) },
  );
}

function annotated(lease: Lease, changes: AnnotationChanges): Lease {
  const annotations = { ...lease.metadata.annotations };
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) delete annotations[name];
    else annotations[name] = value;
  }
  return { ...lease, metadata: { ...lease.metadata, annotations } };
}
