import type { Mutation } from './mutations.ts';

/** What the operator keeps to when the spec changes, broken on purpose. */
export const CHANGE_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a plain pod comes beside a Lease that may be claimed',
    breaks: 'P6',
    noticedBy: 509,
    changes: [
      {
        file: 'src/controllers/pair-forms.ts',
        find: "if (lease !== undefined) return turnLease(this.#api, lease, 'closed');",
        replace: 'if (lease !== undefined) return true;',
      },
    ],
  },
  {
    name: 'the active gets a changed template first',
    breaks: 'one hand-over for a change',
    noticedBy: 39,
    noticedAs: 'not calm',
    changes: [
      {
        file: 'src/controllers/updates.ts',
        find: 'if (serves) return standby;',
        replace: 'if (serves) return otherMember(standby);',
      },
    ],
  },
  {
    name: 'a changed template does not wait for the standby',
    breaks: 'a template that does not work stops at the standby',
    noticedBy: 559,
    noticedAs: 'not calm',
    changes: [
      {
        file: 'src/controllers/updates.ts',
        find: "return isUpdated(other) ? 'apply' : 'hold';",
        replace: "return isUpdated(other) ? 'apply' : 'apply';",
      },
    ],
  },
];
