import { describe, expect, test } from '@jest/globals';
import { lengthOf, type Line } from '../../../src/demo/styled-text.ts';
import { COLUMNS, view, type ViewInput } from '../../../src/demo/view.ts';
import type { DemoSnapshot } from '../../../src/demo/snapshot.ts';

const textOf = (lines: readonly Line[]): string =>
  lines.map((line) => line.map(({ text }) => text).join('')).join('\n');

const snapshot: DemoSnapshot = {
  available: true,
  coordinators: '2/2',
  executors: '2/2',
  api: 'on',
  operator: true,
  nodes: [
    { name: 'node-1', up: true },
    { name: 'node-2', up: false },
  ],
  pairs: [
    {
      component: 'statestore',
      term: 7,
      leaseAge: 3,
      leaseDuration: 9,
      holder: 'b',
      endpoint: { address: '10.3.0.2', member: 'b' },
      members: [
        { member: 'a', pod: 'quickstart-statestore-a-0', node: 'node-2', role: 'lost', ready: false, daemon: 'none' },
        {
          member: 'b',
          pod: 'quickstart-statestore-b-0',
          node: 'node-1',
          role: 'active',
          ready: true,
          daemon: 'serving',
        },
      ],
    },
  ],
  subscribers: [
    { name: 'coordinator-0', connected: true, registeredWith: 'b' },
    { name: 'executor-0', connected: false, registeredWith: undefined },
  ],
  events: [{ at: new Date(0), type: 'Normal', reason: 'FailoverCompleted', note: 'long '.repeat(60) }],
};

const input: ViewInput = {
  snapshot,
  handOvers: [
    {
      component: 'statestore',
      from: 'quickstart-statestore-a-0',
      to: 'quickstart-statestore-b-0',
      term: 7,
      reason: 'LeaseExpired',
      active: 9.04,
      serving: 9.5,
    },
  ],
  rows: 40,
  kubeconfig: '/tmp/impala-demo/kubeconfig',
  said: 'cut the power of node-2',
  chapter: 'A node is lost',
  violation: undefined,
  elapsed: 61,
};

describe('the screen of the demo', () => {
  test('is 80 columns wide in every line, whatever is to be shown', () => {
    for (const line of view(input)) expect(lengthOf(line)).toBe(COLUMNS);
  });

  test('has as many lines whatever has happened, so that nothing jumps', () => {
    const early = view({ ...input, handOvers: [], snapshot: { ...snapshot, events: [] } });
    expect(early).toHaveLength(view(input).length);
  });

  test('has the keys and what was done last in it on a terminal of 24 rows', () => {
    const [statestore] = snapshot.pairs;
    const pairs = [statestore!, { ...statestore!, component: 'catalog' as const }];
    for (const kubeconfig of [input.kubeconfig, `/var/folders/${'long/'.repeat(11)}kubeconfig`]) {
      const lines = view({ ...input, kubeconfig, snapshot: { ...snapshot, pairs }, rows: 24 });
      expect(lines).toHaveLength(24);
      expect(textOf(lines.slice(-1))).toContain('quit');
      expect(textOf(lines)).toContain('cut the power of node-2');
      expect(textOf(lines)).toContain(kubeconfig);
    }
  });

  test('shows who is active, who is lost, and who has followed', () => {
    const text = textOf(view(input));
    expect(text).toMatch(/STATESTORE\s+term 7/);
    expect(text).toMatch(/a {2}node-2\s+lost/);
    expect(text).toMatch(/b {2}node-1\s+ACTIVE\s+daemon serves/);
    expect(text).toContain('coord-0→b exec-0→?');
  });

  test('shows a hand-over in its times, as far as they are known', () => {
    expect(textOf(view(input))).toMatch(/statestore a → b\s+9\.04 s\s+9\.50 s\s+…\s+LeaseExpired/);
  });

  test('tells of two daemons at once before anything else', () => {
    expect(textOf(view({ ...input, violation: 'two daemons lived at once' }))).toContain('✗ two daemons lived at once');
  });
});
