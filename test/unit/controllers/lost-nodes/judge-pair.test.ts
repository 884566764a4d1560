import { describe, expect, test } from '@jest/globals';
import { annotations } from '../../../../src/api/names.ts';
import type { Member } from '../../../../src/api/names.ts';
import type { HolderStatus } from '../../../../src/api/status.ts';
import type { Pod } from '../../../../src/controllers/kubernetes-types.ts';
import { judgePair } from '../../../../src/controllers/lost-nodes/judge-pair.ts';
import type { LossVerdict } from '../../../../src/controllers/lost-nodes/judge-pair.ts';
import {
  BOTH_LOST_FOR,
  LOST_AFTER_OUTAGE_FOR,
  NODES_LISTENED_TO_FOR,
} from '../../../../src/controllers/lost-nodes/lost-pods.ts';
import type { NodeState } from '../../../../src/controllers/lost-nodes/node-state.ts';
import { nodesOfInterest } from '../../../../src/controllers/lost-nodes/nodes-of-interest.ts';
import type { PairSnapshot } from '../../../../src/controllers/snapshot.ts';
import type { Lease } from '../../../../src/kube/kubernetes-object.ts';
import { claimOf, leaseOf, podOf, statestoreLike } from '../fixtures.ts';

const ready: NodeState = { kind: 'present', kubelet: 'ready', outOfService: false, boot: 'boot-1' };
const silent: NodeState = { ...ready, kubelet: 'unreachable' };
const rebooted: NodeState = { ...ready, boot: 'boot-2' };
const off: NodeState = { ...silent, outOfService: true };
const deleted: NodeState = { kind: 'deleted' };
const forbidden: NodeState = { kind: 'unreadable', forbidden: true };

const stuck = (member: Member, uid?: string): Pod => {
  const pod = podOf(member, { ready: false, ...(uid !== undefined && { uid }) });
  const conditions = [
    { type: 'Ready', status: 'False', lastTransitionTime: '2026-01-01T00:00:00Z' },
    { type: 'ContainersReady', status: 'True' },
  ];
  return { ...pod, status: { ...pod.status, conditions } };
};

const ended = (pod: Pod): Pod => ({
  ...pod,
  status: {
    phase: 'Failed',
    conditions: [{ type: 'Ready', status: 'False' }],
    containerStatuses: [{ name: 'statestored', state: { terminated: {} } } as never],
  },
});

const signedIn = (member: Member, boot?: string): Record<string, string> => ({
  [annotations.signIn(member)]: JSON.stringify({ uid: `pod-${member}`, ready: true, template: 't', boot }),
});

interface Case {
  readonly lease?: Lease;
  readonly pods: PairSnapshot['pods'];
  readonly nodes?: Record<string, NodeState>;
  readonly previous?: HolderStatus;
  readonly endedBefore?: string;
  /** For how long stuck pods have been. */
  readonly stuckFor?: number;
  readonly apiUnbrokenFor?: number;
}

function judge({
  lease = leaseOf(claimOf('a'), 3),
  pods,
  nodes = {},
  previous,
  endedBefore,
  stuckFor = 0,
  apiUnbrokenFor = NODES_LISTENED_TO_FOR,
}: Case): LossVerdict {
  const { statestore } = statestoreLike({ lease, pods });
  const memory = { endedBefore: (uid: string) => uid === endedBefore, stuckFor: () => stuckFor, apiUnbrokenFor };
  return judgePair(statestore, new Map(Object.entries(nodes)), previous, memory);
}

const deletedPods = (one: Case): string[] => judge(one).toDelete.map(({ metadata }) => metadata.name);
const A = 'sales-statestore-a-0';
const B = 'sales-statestore-b-0';
const A_ON_NODE: HolderStatus = { claim: claimOf('a'), node: 'node-a' };
const A_BOOTED: HolderStatus = { ...A_ON_NODE, boot: 'boot-1' };

describe('the holder is known to be gone', () => {
  test.each<[string, Case, LossVerdict['gone']]>([
    ['not while all is well', { pods: { a: podOf('a'), b: podOf('b') } }, undefined],
    [
      'not because its node is silent',
      { pods: { a: stuck('a'), b: podOf('b') }, nodes: { 'node-a': silent } },
      undefined,
    ],
    [
      'not because its pod object vanished',
      { pods: { a: undefined, b: podOf('b') }, previous: A_ON_NODE, nodes: { 'node-a': silent } },
      undefined,
    ],
    [
      'not because another pod has its name',
      { pods: { a: podOf('a', { uid: 'new' }), b: podOf('b') }, previous: A_BOOTED, nodes: { 'node-a': silent } },
      undefined,
    ],
    [
      'when its node was deleted',
      { pods: { a: stuck('a'), b: podOf('b') }, nodes: { 'node-a': deleted } },
      'NodeDeleted',
    ],
    [
      'also when its pod went along',
      { pods: { a: undefined, b: podOf('b') }, previous: A_ON_NODE, nodes: { 'node-a': deleted } },
      'NodeDeleted',
    ],
    [
      'not when the deleted node is that of an earlier holder',
      {
        lease: leaseOf(claimOf('b'), 4),
        pods: { a: undefined, b: podOf('b') },
        previous: A_ON_NODE,
        nodes: { 'node-a': deleted },
      },
      undefined,
    ],
    [
      'not when its node was never seen',
      { pods: { a: undefined, b: podOf('b') }, nodes: { 'node-a': deleted } },
      undefined,
    ],
    [
      'when its node is out of service',
      { pods: { a: stuck('a'), b: podOf('b') }, nodes: { 'node-a': off } },
      'NodeOutOfService',
    ],
    [
      'not when only the other node is',
      { pods: { a: stuck('a'), b: stuck('b') }, nodes: { 'node-a': silent, 'node-b': off } },
      undefined,
    ],
    [
      'when its node was started anew',
      { pods: { a: undefined, b: podOf('b') }, previous: A_BOOTED, nodes: { 'node-a': rebooted } },
      'NodeRebooted',
    ],
    [
      'not when the node never confirmed its boot',
      { pods: { a: undefined, b: podOf('b') }, previous: A_ON_NODE, nodes: { 'node-a': rebooted } },
      undefined,
    ],
    [
      'not when the boot is that of an earlier claim',
      {
        lease: leaseOf('sales-statestore-a-0/pod-a/other', 4),
        pods: { a: podOf('a'), b: podOf('b') },
        previous: A_BOOTED,
        nodes: { 'node-a': rebooted },
      },
      undefined,
    ],
    [
      'when kubelet says that its containers have ended',
      { pods: { a: ended(podOf('a')), b: podOf('b') } },
      'ContainersTerminated',
    ],
    [
      'not when another pod of the name has',
      { pods: { a: ended(podOf('a', { uid: 'new' })), b: podOf('b') } },
      undefined,
    ],
    ['not when the other member has', { pods: { a: podOf('a'), b: ended(podOf('b')) } }, undefined],
    [
      'when kubelet said so before the pod vanished',
      { pods: { a: undefined, b: podOf('b') }, endedBefore: 'pod-a' },
      'ContainersTerminated',
    ],
    ['not when it said so of another pod', { pods: { a: undefined, b: podOf('b') }, endedBefore: 'pod-b' }, undefined],
    [
      'not when nobody holds the Lease',
      {
        lease: leaseOf('', 3),
        pods: { a: stuck('a'), b: stuck('b') },
        previous: A_ON_NODE,
        nodes: { 'node-a': deleted },
      },
      undefined,
    ],
    [
      'not when a stranger does',
      { lease: leaseOf('somebody', 3), pods: { a: stuck('a'), b: stuck('b') }, nodes: { 'node-a': deleted } },
      undefined,
    ],
  ])('%s', (_name, one, gone) => {
    expect(judge(one).gone).toBe(gone);
  });

  test('and it is said once', () => {
    const note = { [annotations.gone]: JSON.stringify({ claim: claimOf('a'), because: 'NodeDeleted' }) };
    const pods = { a: stuck('a'), b: podOf('b') };
    expect(judge({ lease: leaseOf(claimOf('a'), 3, note), pods, nodes: { 'node-a': deleted } }).gone).toBeUndefined();
    const stale = leaseOf('sales-statestore-a-0/pod-a/next', 4, note);
    expect(judge({ lease: stale, pods, nodes: { 'node-a': deleted } }).gone).toBe('NodeDeleted');
  });
});

describe('pods that are deleted for good', () => {
  const held = (member: Member) => leaseOf(claimOf(member), 3);
  const gone = leaseOf(claimOf('a'), 3, {
    [annotations.gone]: JSON.stringify({ claim: claimOf('a'), because: 'ForceTakeover' }),
  });
  test.each<[string, Case, string[]]>([
    ['none while all is well', { pods: { a: podOf('a'), b: podOf('b') } }, []],
    ['a standby on a lost node, at once', { pods: { a: podOf('a'), b: stuck('b') }, nodes: { 'node-b': silent } }, [B]],
    [
      'not the active that still holds the Lease',
      { pods: { a: stuck('a'), b: podOf('b') }, nodes: { 'node-a': silent } },
      [],
    ],
    [
      'the old active once another pod holds the Lease',
      { lease: held('b'), pods: { a: stuck('a'), b: podOf('b') }, nodes: { 'node-a': silent } },
      [A],
    ],
    [
      'also where nodes may not be read',
      { lease: held('b'), pods: { a: stuck('a'), b: podOf('b') }, nodes: { 'node-a': forbidden } },
      [A],
    ],
    [
      'not one whose node is back',
      { lease: held('b'), pods: { a: stuck('a'), b: podOf('b') }, nodes: { 'node-a': ready } },
      [],
    ],
    [
      'the holder itself when it is gone',
      { pods: { a: stuck('a'), b: podOf('b') }, nodes: { 'node-a': deleted } },
      [A],
    ],
    [
      'not one that is just not ready',
      { pods: { a: podOf('a'), b: podOf('b', { ready: false }) }, nodes: { 'node-b': ready } },
      [],
    ],
    ['not one without a node', { pods: { a: podOf('a'), b: { ...stuck('b'), spec: { containers: [] } } } }, []],
    [
      'no standby at once when the API server was away: its kubelet could not have been heard',
      {
        pods: { a: podOf('a'), b: stuck('b') },
        nodes: { 'node-b': silent },
        stuckFor: LOST_AFTER_OUTAGE_FOR - 1,
        apiUnbrokenFor: NODES_LISTENED_TO_FOR - 1,
      },
      [],
    ],
    [
      'no standby that fell silent in an outage, while its kubelet may not have said yet that it is back',
      {
        pods: { a: podOf('a'), b: stuck('b') },
        nodes: { 'node-b': silent },
        stuckFor: LOST_AFTER_OUTAGE_FOR - 1,
        apiUnbrokenFor: LOST_AFTER_OUTAGE_FOR + NODES_LISTENED_TO_FOR - 2,
      },
      [],
    ],
    [
      'at once the standby that fell silent a while after an outage',
      {
        pods: { a: podOf('a'), b: stuck('b') },
        nodes: { 'node-b': silent },
        stuckFor: 1,
        apiUnbrokenFor: NODES_LISTENED_TO_FOR + 1,
      },
      [B],
    ],
    [
      'the standby that is not heard of either when the API server has been back for a while',
      {
        pods: { a: podOf('a'), b: stuck('b') },
        nodes: { 'node-b': silent },
        stuckFor: LOST_AFTER_OUTAGE_FOR,
        apiUnbrokenFor: NODES_LISTENED_TO_FOR - 1,
      },
      [B],
    ],
    [
      'the standby whose node was deleted, however short the API server is back',
      { pods: { a: podOf('a'), b: stuck('b') }, nodes: { 'node-b': deleted }, apiUnbrokenFor: 0 },
      [B],
    ],
    [
      'none at once when both are lost',
      { pods: { a: stuck('a'), b: stuck('b') }, nodes: { 'node-a': silent, 'node-b': silent } },
      [],
    ],
    [
      'the standby when both are lost for long',
      {
        pods: { a: stuck('a'), b: stuck('b') },
        nodes: { 'node-a': silent, 'node-b': silent },
        stuckFor: BOTH_LOST_FOR,
      },
      [B],
    ],
    [
      'both when nobody holds the Lease, and that for long',
      {
        lease: leaseOf('', 3),
        pods: { a: stuck('a'), b: stuck('b') },
        nodes: { 'node-a': silent, 'node-b': silent },
        stuckFor: BOTH_LOST_FOR,
      },
      [A, B],
    ],
    [
      'the standby whose node is off, the holder lost or not',
      { pods: { a: stuck('a'), b: stuck('b') }, nodes: { 'node-a': silent, 'node-b': off } },
      [B],
    ],
    [
      'both when both nodes were deleted',
      { pods: { a: stuck('a'), b: stuck('b') }, nodes: { 'node-a': deleted, 'node-b': deleted } },
      [A, B],
    ],
    [
      'both when the holder is said to be gone',
      { lease: gone, pods: { a: stuck('a'), b: stuck('b') }, nodes: { 'node-a': silent, 'node-b': silent } },
      [A, B],
    ],
    [
      'not a replacement that runs, though its predecessor holds the Lease',
      { pods: { a: podOf('a', { uid: 'new' }), b: stuck('b') }, nodes: { 'node-b': silent } },
      [B],
    ],
  ])('%s', (_name, one, expected) => {
    expect(deletedPods(one)).toEqual(expected);
  });
});

describe('it is looked again', () => {
  test.each<[string, Case, boolean]>([
    ['not while all is well', { pods: { a: podOf('a'), b: podOf('b') } }, false],
    [
      'while a lost holder is not known to be gone',
      { pods: { a: stuck('a'), b: podOf('b') }, nodes: { 'node-a': silent } },
      true,
    ],
    ['while a holder without a pod is not', { pods: { a: undefined, b: podOf('b') } }, true],
    [
      'not when it is gone and all pods are dealt with',
      { pods: { a: stuck('a'), b: podOf('b') }, nodes: { 'node-a': deleted } },
      false,
    ],
    [
      'while a stuck pod is spared',
      { pods: { a: stuck('a'), b: stuck('b') }, nodes: { 'node-a': silent, 'node-b': silent } },
      true,
    ],
  ])('%s', (_name, one, undecided) => {
    expect(judge(one).undecided).toBe(undecided);
  });

  test('and what is missing is said when the node may not be read', () => {
    const one: Case = { pods: { a: undefined, b: stuck('b') }, previous: A_ON_NODE, nodes: { 'node-a': forbidden } };
    expect(judge(one).forbiddenNode).toBe('node-a');
    expect(judge({ ...one, pods: { a: podOf('a'), b: podOf('b') } }).forbiddenNode).toBeUndefined();
  });
});

describe('where the holder runs', () => {
  const lease = leaseOf(claimOf('a'), 3, signedIn('a', 'boot-1'));
  const pods = { a: podOf('a'), b: podOf('b') };
  const previous = A_BOOTED;
  test.each<[string, Case, HolderStatus | undefined]>([
    ['is where its pod is', { pods }, A_ON_NODE],
    ['has a boot when holder and node say the same', { lease, pods, nodes: { 'node-a': ready } }, A_BOOTED],
    [
      'has none when they differ, as in a virtual machine of its own',
      { lease, pods, nodes: { 'node-a': rebooted } },
      A_ON_NODE,
    ],
    ['has none when the pod has not said', { pods, nodes: { 'node-a': ready } }, A_ON_NODE],
    ['is remembered without the pod', { lease, pods: { a: undefined, b: podOf('b') }, previous }, A_BOOTED],
    [
      'is remembered when another signs in',
      { lease: leaseOf(claimOf('a'), 3), pods, previous, nodes: { 'node-a': rebooted } },
      A_BOOTED,
    ],
    [
      'is not that of an earlier claim',
      { lease: leaseOf(claimOf('b'), 4), pods, previous },
      { claim: claimOf('b'), node: 'node-b' },
    ],
    ['is nowhere when nobody holds the Lease', { lease: leaseOf('', 4), pods, previous }, undefined],
  ])('%s', (_name, one, expected) => {
    expect(judge(one).whereabouts).toEqual(expected);
  });
});

describe('nodes that are read', () => {
  const signed = leaseOf(claimOf('a'), 3, signedIn('a', 'boot-1'));
  test.each<[string, Partial<PairSnapshot>, HolderStatus | undefined, string[]]>([
    ['none while all is well', { lease: signed, pods: { a: podOf('a'), b: podOf('b') } }, A_BOOTED, []],
    [
      'a new holder’s, to compare its boot',
      { lease: signed, pods: { a: podOf('a'), b: podOf('b') } },
      undefined,
      ['node-a'],
    ],
    [
      'those of pods that are not ready or leave',
      { lease: signed, pods: { a: stuck('a'), b: podOf('b', { leaving: true }) } },
      A_BOOTED,
      ['node-a', 'node-b'],
    ],
    [
      'that of a holder whose pod has gone',
      { lease: signed, pods: { a: podOf('a', { uid: 'new' }), b: podOf('b') } },
      A_BOOTED,
      ['node-a'],
    ],
    [
      'none of a pod without one',
      { lease: signed, pods: { a: podOf('a'), b: { metadata: { name: 'b' } } } },
      A_BOOTED,
      [],
    ],
  ])('%s', (_name, pair, previous, expected) => {
    expect(nodesOfInterest(statestoreLike(pair).statestore, previous, false)).toEqual(expected);
  });

  test('all when the holder does not renew the Lease', () => {
    const { statestore } = statestoreLike({ lease: signed, pods: { a: podOf('a'), b: podOf('b') } });
    expect(nodesOfInterest(statestore, A_BOOTED, true)).toEqual(['node-a', 'node-b']);
  });
});
