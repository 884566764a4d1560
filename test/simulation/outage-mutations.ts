import { annotations } from '../../src/api/names.ts';
import type { Mutation } from './mutations.ts';

const ELECTION = 'src/kube/election/election.ts';
const OUTAGE = 'src/kube/election/outage.ts';
const AGENT = 'src/agent/agent.ts';
const GONE = 'src/controllers/lost-nodes/gone.ts';

/** The rules of roster, promises and gone (P14 to P17), broken on purpose. Most take an outage that lasts until its end. */
export const OUTAGE_MUTATIONS: readonly Mutation[] = [
  {
    name: 'one promise is enough, or none',
    breaks: 'P16',
    noticedBy: 888,
    changes: [
      {
        file: OUTAGE,
        find: 'if (!electorate(state, rules).every(({ uid }) => round.promised.includes(uid))) return state;',
        replace: '',
      },
    ],
  },
  {
    name: 'a promise does not keep anybody from claiming',
    breaks: 'P14',
    noticedBy: 5,
    changes: [
      {
        file: OUTAGE,
        find: 'outageEndsAt(observation, rules, outage), promisedUntil);',
        replace: 'outageEndsAt(observation, rules, outage), promisedUntil * 0);',
      },
    ],
  },
  {
    name: 'an outage has no end',
    breaks: 'P17',
    noticedBy: 525,
    changes: [
      {
        file: OUTAGE,
        find: 'return Math.max(byWrite, Math.min(promisedAt + rules.renewDeadline, outageEnd));',
        replace: 'return Math.max(byWrite, promisedAt + rules.renewDeadline + 0 * outageEnd);',
      },
    ],
  },
  {
    name: 'an outage is counted from the answer instead of the send',
    breaks: 'P17',
    noticedBy: 25,
    changes: [
      {
        file: ELECTION,
        find: '  const standing = settle(state.standing, lease);\n',
        replace: `  const settled = settle(state.standing, lease);
  const before = 'claim' in state.standing ? state.standing.claim.confirmedSentAt : undefined;
  const learnt = settled.kind === 'holder' && settled.claim.confirmedSentAt !== before;
  const standing = learnt ? { ...settled, claim: { ...settled.claim, learntAt: now } } : settled;\n`,
      },
      {
        file: OUTAGE,
        find: 'const outageEnd = confirmedSentAt + (rules.outage?.maxOutage ?? 0);',
        replace: 'const outageEnd = (claim.learntAt ?? confirmedSentAt) + (rules.outage?.maxOutage ?? 0);',
      },
    ],
  },
  {
    name: "a promise lasts as long as the promiser's own lease",
    breaks: 'P14',
    noticedBy: 305,
    changes: [
      {
        file: OUTAGE,
        find: 'const until = now + Math.max(respectedDuration(observation, rules), Math.min(duration, rules.longestDuration));',
        replace: 'const until = now + Math.min(duration, rules.leaseDuration);',
      },
    ],
  },
  {
    name: 'a replacement claims after one lease duration',
    breaks: 'P17',
    noticedBy: 785,
    changes: [
      {
        file: OUTAGE,
        find: 'Math.max(onRoster || gone ? expiry : outageEndsAt(',
        replace: 'Math.max(onRoster || gone || true ? expiry : outageEndsAt(',
      },
    ],
  },
  {
    name: 'a replacement waits for the longest outage of its own configuration',
    breaks: 'P17',
    noticedBy: 325,
    changes: [
      {
        file: OUTAGE,
        find: 'return Math.min(Math.max(...inRecords, outage.maxOutage), outage.longestOutage);',
        replace: 'return outage.maxOutage + 0 * inRecords.length;',
      },
    ],
  },
  {
    name: 'a restarted agent lives on promises without a renewal of its own',
    breaks: 'P11',
    noticedBy: 265,
    changes: [
      {
        file: AGENT,
        find: "    if (claim.kind === 'adopt') this.elector.adopt(claim.identity);\n",
        replace: `    if (claim.kind === 'adopt') {
      globalThis.heldFrom = daemon.deadline - this.rules.renewDeadline;
      this.elector.adopt(claim.identity);
    }\n`,
      },
      {
        file: ELECTION,
        find: 'import { termOf }',
        replace: "import { rosterOf } from './roster.ts';\nimport { termOf }",
      },
      {
        file: ELECTION,
        find: "  return { ...state, standing: { kind: 'claiming', claim }, notBefore: now };\n",
        replace: `  const { heldFrom: confirmedSentAt } = globalThis;
  const roster = rosterOf(lease, '${annotations.roster}');
  const sends = [{ renewTime: lease.spec.renewTime, sentAt: confirmedSentAt, roster }];
  const held = { ...claim, sends, confirmedSentAt, roster, shownIn: resourceVersion };
  return { ...state, standing: { kind: 'holder', claim: held }, notBefore: now };\n`,
      },
    ],
  },
  {
    name: 'a holder is said to be gone when its pod object has vanished',
    breaks: 'P17',
    noticedBy: 345,
    changes: [
      {
        file: GONE,
        find: 'if (pod === undefined ? endedBefore(claimant.uid) : hasEnded(pod))',
        replace: 'if (pod === undefined || hasEnded(pod) || endedBefore(claimant.uid))',
      },
    ],
  },
  {
    name: 'a holder is said to be gone when any member has ended',
    breaks: 'P17',
    noticedBy: 45,
    changes: [
      {
        file: GONE,
        find: 'if (pod === undefined ? endedBefore(claimant.uid) : hasEnded(pod))',
        replace: 'if (endedBefore(claimant.uid) || pods.some(hasEnded))',
      },
      {
        file: 'src/controllers/lost-nodes/last-words.ts',
        find: 'return this.#ended.has(uid);',
        replace: 'return this.#ended.has(uid) || this.#ended.size > 0;',
      },
    ],
  },
];
