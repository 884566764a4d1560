import { describe, expect, test } from '@jest/globals';
import type { Node, Pod } from '../../../../src/controllers/kubernetes-types.ts';
import { LastWords } from '../../../../src/controllers/lost-nodes/last-words.ts';
import { isSaidToBeOff, nodeStateOf } from '../../../../src/controllers/lost-nodes/node-state.ts';
import type { NodeState } from '../../../../src/controllers/lost-nodes/node-state.ts';
import { hasEnded, isStuck } from '../../../../src/controllers/lost-nodes/pod-state.ts';
import { StuckPods } from '../../../../src/controllers/lost-nodes/stuck-pods.ts';
import { VirtualClock } from '../../kube/virtual-clock.ts';
import { leases, pods } from '../../../../src/kube/resource.ts';

const node = (ready: string | undefined, taints: string[] = [], bootID = 'boot-1'): Node => ({
  metadata: { name: 'node-1' },
  spec: { taints: taints.map((key) => ({ key })) },
  status: { conditions: ready === undefined ? [] : [{ type: 'Ready', status: ready }], nodeInfo: { bootID } },
});

describe('a node', () => {
  test.each<[string, Node, Partial<NodeState>]>([
    ['that is ready', node('True'), { kubelet: 'ready', outOfService: false, boot: 'boot-1' }],
    ['whose kubelet says it is not ready', node('False'), { kubelet: 'unready' }],
    ['that was not heard of', node('Unknown'), { kubelet: 'unreachable' }],
    ['that never said anything', node(undefined), { kubelet: 'unreachable' }],
    ['that is tainted unreachable', node('True', ['node.kubernetes.io/unreachable']), { kubelet: 'unreachable' }],
    ['that is cordoned', node('True', ['node.kubernetes.io/unschedulable']), { kubelet: 'ready', outOfService: false }],
    ['that is out of service', node('Unknown', ['node.kubernetes.io/out-of-service']), { outOfService: true }],
    ['without a boot id', node('True', [], ''), { boot: undefined }],
  ])('%s', (_name, object, expected) => {
    expect(nodeStateOf(object)).toMatchObject({ kind: 'present', ...expected });
  });

  test('is said to be off when it is deleted or out of service, and not when it is silent', () => {
    expect(isSaidToBeOff({ kind: 'deleted' })).toBe(true);
    expect(isSaidToBeOff(nodeStateOf(node('Unknown', ['node.kubernetes.io/out-of-service'])))).toBe(true);
    expect(isSaidToBeOff(nodeStateOf(node('Unknown')))).toBe(false);
    expect(isSaidToBeOff({ kind: 'unreadable', forbidden: true })).toBe(false);
    expect(isSaidToBeOff(undefined)).toBe(false);
  });
});

const podWith = (ready: string, containersReady: string): Pod => ({
  metadata: { name: 'p', uid: 'u' },
  status: {
    conditions: [
      { type: 'Ready', status: ready, lastTransitionTime: '2026-01-01T00:00:00Z' },
      { type: 'ContainersReady', status: containersReady },
    ],
  },
});

describe('a pod is stuck', () => {
  const unreachable = nodeStateOf(node('Unknown'));
  const unready = nodeStateOf(node('False'));
  const ready = nodeStateOf(node('True'));
  const forbidden: NodeState = { kind: 'unreadable', forbidden: true };
  test.each<[string, Pod, NodeState | undefined, boolean]>([
    ['called unready over its kubelet, on an unreachable node', podWith('False', 'True'), unreachable, true],
    ['that was still starting when its node became unreachable', podWith('False', 'False'), unreachable, true],
    ['called unready over its kubelet, on a node that is not ready', podWith('False', 'True'), unready, true],
    ['that is not ready itself, on a node that is not ready', podWith('False', 'False'), unready, false],
    ['called unready, on a node that is back', podWith('False', 'True'), ready, false],
    ['called unready, on a node that nobody may read', podWith('False', 'True'), forbidden, true],
    ['that is not ready itself, on a node that nobody may read', podWith('False', 'False'), forbidden, false],
    ['called unready, on a node that was not read', podWith('False', 'True'), undefined, true],
    ['that is ready on a silent node', podWith('True', 'True'), unreachable, false],
    ['whose node was deleted', podWith('True', 'True'), { kind: 'deleted' }, true],
  ])('%s', (_name, pod, state, stuck) => {
    expect(isStuck(pod, state)).toBe(stuck);
  });
});

describe('how long a pod has been stuck', () => {
  const stuck = { ...podWith('False', 'True'), spec: { containers: [], nodeName: 'node-1' } };
  const well = { ...stuck, status: podWith('True', 'True').status };

  test('counts from when it was first seen, and anew when it was well in between', async () => {
    const clock = new VirtualClock();
    const pods = new StuckPods(clock);
    expect(pods.note('pair', [stuck as Pod], new Map())('u')).toBe(0);
    await clock.advance(5_000);
    expect(pods.note('pair', [stuck as Pod], new Map())('u')).toBe(5_000);
    expect(pods.note('other', [stuck as Pod], new Map())('u')).toBe(0);
    expect(pods.note('pair', [well as Pod], new Map())('u')).toBe(0);
    expect(pods.note('pair', [stuck as Pod], new Map())('u')).toBe(0);
  });

  test('is nothing for another pod', async () => {
    const clock = new VirtualClock();
    const pods = new StuckPods(clock);
    pods.note('pair', [stuck], new Map());
    await clock.advance(5_000);
    expect(pods.note('pair', [stuck as Pod], new Map())('v')).toBe(0);
  });
});

type State = 'terminated' | 'running' | 'waiting';
const container = (state: State) => ({ name: 'c', state: { [state]: {} } }) as never;
const endedPod = (phase: string, agent: State, daemon?: State): Pod => ({
  metadata: { name: 'p', uid: 'u' },
  spec: { initContainers: [{ name: 'ha-agent' }], containers: [{ name: 'statestored' }] },
  status: {
    phase,
    initContainerStatuses: [container(agent)],
    containerStatuses: daemon === undefined ? [] : [container(daemon)],
  },
});

describe('a pod has ended', () => {
  test.each<[string, Pod, boolean]>([
    ['when all containers have, for good', endedPod('Succeeded', 'terminated', 'terminated'), true],
    ['also when one of them failed', endedPod('Failed', 'terminated', 'terminated'), true],
    ['not while they may be started again', endedPod('Running', 'terminated', 'terminated'), false],
    ['not when its node was given up and the pod called failed', endedPod('Failed', 'running', 'running'), false],
    ['not while the agent runs', endedPod('Failed', 'running', 'terminated'), false],
    ['not when nothing is said of the daemon', endedPod('Failed', 'terminated'), false],
    ['not when nothing is said at all', { metadata: { name: 'p' }, status: { phase: 'Failed' } }, false],
  ])('%s', (_name, pod, ended) => {
    expect(hasEnded(pod)).toBe(ended);
  });

  test('and that is remembered when it vanishes; of one that just vanishes nothing is', () => {
    const lastWords = new LastWords();
    lastWords.note(pods, { ...endedPod('Succeeded', 'terminated', 'terminated'), metadata: { name: 'p', uid: 'one' } });
    lastWords.note(pods, { ...endedPod('Running', 'running', 'running'), metadata: { name: 'p', uid: 'two' } });
    lastWords.note(leases, {
      ...endedPod('Failed', 'terminated', 'terminated'),
      metadata: { name: 'p', uid: 'three' },
    });
    expect(['one', 'two', 'three'].map((uid) => lastWords.has(uid))).toEqual([true, false, false]);
  });

  test('and only the last thousand are remembered', () => {
    const lastWords = new LastWords();
    for (let index = 0; index <= 1000; index++) {
      const metadata = { name: 'p', uid: `uid-${index}` };
      lastWords.note(pods, { ...endedPod('Succeeded', 'terminated', 'terminated'), metadata });
    }
    expect([lastWords.has('uid-0'), lastWords.has('uid-1'), lastWords.has('uid-1000')]).toEqual([false, true, true]);
  });
});
