import { CHANGE_MUTATIONS } from './change-mutations.ts';
import type { Rule } from './invariants.ts';
import { OUTAGE_MUTATIONS } from './outage-mutations.ts';

/** One place of the source, broken. */
interface Change {
  /** From the repository's root. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** A rule of the protocol, broken on purpose, to see that the simulation notices. */
export interface Mutation {
  readonly name: string;
  /** The rule of docs/protocol.md that is broken. */
  readonly breaks: string;
  /** A run that has noticed it: tried first, since going through all until one does takes long. */
  readonly noticedBy: number;
  /** What it breaks when that is none of the promises. */
  readonly noticedAs?: Rule;
  readonly changes: readonly Change[];
}

const ELECTION = 'src/kube/election/election.ts';
const DECISION = 'src/agent/decision.ts';
const AGENT = 'src/agent/agent.ts';
const GUARD = 'src/embedded/guard/virtual-guard.ts';

/**
 * The product's own source with a few words changed, loaded into a worker of its own: no switch in the product, and a
 * change of the source that makes a mutation meaningless fails loudly.
 */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'the guard ignores its deadline',
    breaks: 'P1',
    noticedBy: 1,
    changes: [
      { file: GUARD, find: 'if (this.daemon && now >= this.deadline) yield* this.#killDaemon();', replace: '' },
    ],
  },
  {
    name: 'the deadline is counted from the answer instead of the send',
    breaks: 'P2',
    noticedBy: 294,
    changes: [
      {
        file: ELECTION,
        find: '  const standing = settle(state.standing, lease);\n',
        replace: `  const settled = settle(state.standing, lease);
  const before = 'claim' in state.standing ? (state.standing.claim.confirmedSentAt ?? -Infinity) : -Infinity;
  const grew = settled.kind === 'holder' && settled.claim.confirmedSentAt > before;
  const standing = grew ? { ...settled, claim: { ...settled.claim, confirmedSentAt: now } } : settled;\n`,
      },
    ],
  },
  {
    name: 'the Lease is released before the daemon is proven dead',
    breaks: 'P5',
    noticedBy: 58,
    changes: [
      {
        file: DECISION,
        find: "if (terminating || health?.phase === 'failed') return { ...nothing, order: 'stop' };",
        replace: "if (terminating || health?.phase === 'failed') return { ...nothing, order: 'stop', release: true };",
      },
      {
        file: DECISION,
        find: '  return { ...nothing, renew: answerable };\n',
        replace: "  return { ...nothing, renew: answerable, release: guardState.daemon.kind === 'stopping' };\n",
      },
    ],
  },
  {
    name: 'the daemon is started again on the old deadline after a release was sent',
    breaks: 'P7',
    noticedBy: 88,
    changes: [
      {
        file: ELECTION,
        find: '  const failed = { ...state, lastSent: undefined };\n',
        replace: `  const unanswered = state.standing.kind === 'releasing' ? state.standing.claim : undefined;
  if (unanswered) (globalThis.heldStill ??= new Set()).add(unanswered.identity);
  const standing: Standing = unanswered ? { kind: 'holder', claim: unanswered } : state.standing;
  const failed = { ...state, standing, lastSent: undefined };\n`,
      },
      {
        file: DECISION,
        find: 'const fresh = startedUnder !== tenure.claim;',
        replace: 'const fresh = startedUnder !== tenure.claim || globalThis.heldStill?.has(tenure.claim) === true;',
      },
    ],
  },
  {
    name: "an agent takes a Lease with its pod's name for its own",
    breaks: 'P3',
    noticedBy: 106,
    changes: [
      {
        file: 'src/kube/election/claim.ts',
        find: `  if (lease.spec?.holderIdentity !== claim.identity) return undefined;
  return claim.sends.find((send) => send.renewTime === lease.spec?.renewTime);`,
        replace: `  const podOf = (identity: string | undefined): string | undefined => identity?.split('/')[0];
  if (podOf(lease.spec?.holderIdentity) !== podOf(claim.identity)) return undefined;
  return claim.sends.at(-1);`,
      },
    ],
  },
  {
    name: "the identity is the pod's name without its uid",
    breaks: 'P3',
    noticedBy: 22,
    changes: [
      {
        file: AGENT,
        find: 'claimIdentity(pod.podName, pod.podUid, parts.randomWord())',
        replace: '`${pod.podName}/x/x`',
      },
      {
        file: 'src/kube/election/claim.ts',
        find: '  return claim.sends.find((send) => send.renewTime === lease.spec?.renewTime);',
        replace: '  return claim.sends.at(-1);',
      },
    ],
  },
  {
    name: 'the guard obeys an order of an earlier incarnation',
    breaks: 'P8',
    noticedBy: 406,
    changes: [
      {
        file: GUARD,
        find: 'if (guard !== id || sequence <= this.#lastSequence) return;',
        replace: 'if (guard === undefined || sequence <= this.#lastSequence) return;',
      },
    ],
  },
  {
    name: 'an order that extends starts a daemon that has died',
    breaks: 'P9',
    noticedBy: 54,
    changes: [
      {
        file: GUARD,
        find: "    if (!this.daemon) this.#report('stopped', id, sequence, 'idle');\n",
        replace: `    if (!this.daemon) {
      this.deadline = Number(deadline);
      this.#startedBy = sequence;
      this.#claim = claim;
      const child = this.#surroundings.startDaemon('-', { term: Number(term), claim });
      child.onEnd = () => this.#childEnded(child);
      this.daemon = child;
      this.#report('running', id, sequence);
    }\n`,
      },
    ],
  },
  {
    name: 'an empty holder counts as released',
    breaks: 'P6',
    noticedBy: 18,
    changes: [
      {
        file: 'src/kube/election/tenancy.ts',
        find: "return { kind: 'vacant', lease };",
        replace: "return { kind: 'released', lease, term };",
      },
    ],
  },
  {
    name: "the agent takes a closed report FIFO for the daemon's death",
    breaks: 'P5',
    noticedBy: 68,
    changes: [
      {
        file: 'src/agent/guard/daemon-view.ts',
        find: "({ ...state, guard: { kind: 'absent' } });",
        replace: "({ guard: { kind: 'absent' }, daemon: { kind: 'none', death: { at: 0, code: undefined } } });",
      },
    ],
  },
  {
    name: "the agent takes its own SIGTERM for the daemon's death",
    breaks: 'P5',
    noticedBy: 53,
    changes: [
      {
        file: AGENT,
        find: '    this.terminating = true;\n',
        replace:
          "    this.terminating = true;\n    this.becomeGuardState({ ...this.guardState, daemon: { kind: 'none', death: { at: 0, code: undefined } } });\n",
      },
    ],
  },
  {
    name: 'the slice is written without a term check',
    breaks: 'P10',
    noticedBy: 28,
    changes: [
      {
        file: 'src/agent/endpoint.ts',
        find: 'if (!ours && (term > active.term || (term === active.term && claim !== active.claim))) {',
        replace: 'if (false as boolean) {',
      },
    ],
  },
  {
    name: 'a challenger trusts the timestamps in the record',
    breaks: 'P4',
    noticedBy: 8,
    changes: [
      {
        file: 'src/kube/election/elector.ts',
        find: '    if (state === this.current) return;\n    this.current = state;\n',
        replace: `    if (state === this.current) return;
    const renewTime = state.observation?.lease?.spec?.renewTime;
    this.current = state;
    if (renewTime !== undefined && state.observation) {
      const age = this.options.clock.date().getTime() - Date.parse(renewTime);
      const unchangedSince = this.options.clock.now() - age;
      this.current = { ...state, observation: { ...state.observation, unchangedSince } };
    }\n`,
      },
    ],
  },
  {
    name: "a challenger uses its own configured duration instead of the record's",
    breaks: 'P4',
    noticedBy: 952,
    changes: [
      {
        file: 'src/kube/election/observation.ts',
        find: '(lease?.spec?.leaseDurationSeconds ?? 0) * 1000;',
        replace: '(lease?.spec?.leaseDurationSeconds ?? 0) * 0;',
      },
    ],
  },
  {
    name: "a restarted agent renews although its guard's deadline has passed",
    breaks: 'P11',
    noticedBy: 507,
    changes: [
      {
        file: AGENT,
        find: '    const claim = takeUp(this.elector.state, this.rules, daemon, now);\n',
        replace: `    const old = this.custody.startedUnder?.startsWith('old ') ? this.custody.startedUnder.slice(4) : undefined;
    if (old !== undefined && this.lease?.spec?.holderIdentity === old) this.elector.adopt(old);
    const claim = takeUp(this.elector.state, this.rules, daemon, now);\n`,
      },
      {
        file: 'src/agent/custody.ts',
        find: "report.verb === 'state' && report.running ? report.claim : undefined;",
        replace: "report.verb === 'state' ? (report.running ? report.claim : 'old ' + report.claim) : undefined;",
      },
    ],
  },
  ...CHANGE_MUTATIONS,
  ...OUTAGE_MUTATIONS,
];

/** @throws Error when there is none */
export function mutationNamed(name: string): Mutation {
  const found = MUTATIONS.find((mutation) => mutation.name === name);
  if (found === undefined)
    throw new Error(`no mutation "${name}" among: ${MUTATIONS.map((one) => one.name).join('; ')}`);
  return found;
}
