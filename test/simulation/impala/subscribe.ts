import type { Statestored } from '../../../src/embedded/impala/statestored.ts';
import { Subscriber, SUBSCRIBER_POLL } from '../../../src/embedded/impala/subscriber.ts';
import type { SubscriberNetwork, SubscriberParts } from '../../../src/embedded/impala/subscriber.ts';
import type { SimulatedNode } from '../engine/node.ts';
import type { SeededRandom } from '../engine/random.ts';
import type { SimulatedProcess } from '../engine/simulated-process.ts';
import type { ClusterNetwork } from './cluster-network.ts';
import type { DaemonProcess } from './daemon-process.ts';

export type SimulatedStatestored = Statestored<DaemonProcess, SimulatedProcess>;
export type SimulatedSubscriber = Subscriber<DaemonProcess, SimulatedProcess>;

type Subscription = Omit<SubscriberParts<DaemonProcess, SimulatedProcess>, 'network' | 'phase'>;

/** Makes a process a subscriber of the statestored that its node's kube-proxy leads to. */
export const subscribe = (
  subscription: Subscription,
  network: ClusterNetwork,
  random: SeededRandom,
): SimulatedSubscriber =>
  new Subscriber({
    ...subscription,
    network: networkOf(subscription.process.node, network),
    phase: () => random.between(1, SUBSCRIBER_POLL),
  });

const networkOf = (here: SimulatedNode, network: ClusterNetwork): SubscriberNetwork<DaemonProcess> => ({
  dial: () => network.dial(here, 'statestore'),
  ask: (daemon) => {
    const there = daemon.process.node;
    const silent = !there.up || there.frozen || !network.reaches(here, there);
    if (silent || (daemon.alive && !daemon.responsive)) return 'silence';
    return daemon.alive ? 'answered' : 'closed';
  },
  hears: (daemon) => network.reaches(daemon.process.node, here),
});
