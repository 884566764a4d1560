import { Statestored } from '../../../src/embedded/impala/statestored.ts';
import type { Milliseconds } from '../../../src/kube/clock.ts';
import { SimulatedNode } from '../engine/node.ts';
import { SeededRandom } from '../engine/random.ts';
import { SimulatedProcess } from '../engine/simulated-process.ts';
import { Timeline } from '../engine/timeline.ts';
import { Network } from '../kubernetes/network.ts';
import { ClusterNetwork } from './cluster-network.ts';
import { DaemonProcess } from './daemon-process.ts';
import { LOAD_TIMES } from './load-times.ts';
import { subscribe, type SimulatedStatestored, type SimulatedSubscriber } from './subscribe.ts';

/** How a statestored ends, and when its successor comes; all counted from its end. */
export interface Succession {
  /** `crash`: its connections close. `loss`: its node is gone, and says nothing. */
  readonly kind: 'crash' | 'loss';
  /** When the EndpointSlice names the successor. */
  readonly slice: Milliseconds;
  /** When the successor's process starts. */
  readonly started: Milliseconds;
}

/** Long enough for every subscriber to have registered and to have found its phase. */
const SETTLED: Milliseconds = 30_000;
const LONGEST: Milliseconds = 60_000;

/**
 * Plays a succession with the models of the simulation alone: no agents, no Lease.
 * @returns for each of the subscribers, how long after the old statestored's end it was registered with the new one
 */
export async function registrationTimes(
  { kind, slice, started }: Succession,
  subscribers: number,
  seed: number,
): Promise<Milliseconds[]> {
  const timeline = new Timeline();
  const random = new SeededRandom(seed);
  const network = new Network(timeline, random);
  const clock = { rate: 1, uptime: 1_000_000, wallOffset: 0 };
  const [old, successor, third] = ['node-1', 'node-2', 'node-3'].map(
    (name) => new SimulatedNode(name, timeline, clock),
  );
  if (old === undefined || successor === undefined || third === undefined) throw new Error('three nodes were made');
  const clusterNetwork = new ClusterNetwork(timeline, random, network, [old, successor, third]);
  const statestoreds = new Map<DaemonProcess, SimulatedStatestored>();

  const start = (node: SimulatedNode, ip: string): DaemonProcess => {
    const process = new SimulatedProcess(`statestored ${node.name}`, node, timeline);
    const about = { component: 'statestore', process, podUid: node.name, ip, term: 1, claim: node.name } as const;
    const { least, most } = LOAD_TIMES.statestore;
    const character = { load: random.between(least, most), startFails: false };
    const daemon = new DaemonProcess(about, character, timeline, random);
    clusterNetwork.podGot(ip, node);
    clusterNetwork.daemons.add(daemon);
    daemon.onServing.push(() => statestoreds.set(daemon, new Statestored(daemon, daemon.claim, process)));
    return daemon;
  };

  const first = start(old, '10.0.0.1');
  clusterNetwork.sliceChanged('statestore', '10.0.0.1');
  const registered = new Map<SimulatedSubscriber, Milliseconds>();
  let second: DaemonProcess | undefined;
  for (let index = 0; index < subscribers; index++) {
    const node = index % 2 === 0 ? successor : third;
    timeline.after(random.between(0, 10_000), () => {
      const subscription = {
        name: `impalad ${index}`,
        process: new SimulatedProcess(`impalad ${index}`, node, timeline),
        statestoredOf: (daemon: DaemonProcess) => statestoreds.get(daemon),
        onRegistered: (one: SimulatedSubscriber) => {
          if (one.registeredWith?.daemon === second) registered.set(one, timeline.now);
        },
      };
      subscribe(subscription, clusterNetwork, random);
    });
  }

  // The end falls anywhere in the subscribers' rounds.
  const end = SETTLED + random.between(0, 5_000);
  timeline.at(end, () => {
    if (kind === 'loss') old.up = false;
    first.end(137);
  });
  timeline.at(end + slice, () => clusterNetwork.sliceChanged('statestore', '10.0.0.2'));
  timeline.at(end + started, () => {
    second = start(successor, '10.0.0.2');
  });
  await timeline.run(end + LONGEST, () => registered.size === subscribers);
  if (registered.size < subscribers) throw new Error(`${registered.size} of ${subscribers} registered`);
  return [...registered.values()].map((at) => at - end);
}
