import type { DaemonProcess } from '../impala/daemon-process.ts';
import { flagValue, serviceOf } from '../impala/flags.ts';
import type { VirtualSubscriber } from '../impala/impala-directory.ts';
import { Subscriber, SUBSCRIBER_POLL } from '../impala/subscriber.ts';
import type { SubscriberNetwork } from '../impala/subscriber.ts';
import type { VirtualProcess } from '../node/virtual-process.ts';
import type { ProgramContext } from './program.ts';

export interface Subscription {
  readonly name: string;
  readonly process: VirtualProcess;
  /** Its flags, which tell where the statestored is. */
  readonly argv: readonly string[];
  /** The process behind it, of a catalogd. */
  readonly catalogd?: DaemonProcess;
}

/** Makes a program a subscriber of the statestored that its flags name. */
export function subscribe(context: ProgramContext, { argv, ...subscription }: Subscription): VirtualSubscriber {
  const { surroundings, pod } = context;
  const { random, impala } = surroundings;
  const { name, namespace = '' } = pod.metadata;
  const subscriber: VirtualSubscriber = new Subscriber({
    ...subscription,
    network: networkOf(context, serviceOf(flagValue(argv, 'state_store_host') ?? '')),
    phase: () => random() * SUBSCRIBER_POLL,
    statestoredOf: (daemon) => impala.statestoredOf(daemon),
    onRegistered: (registered) => impala.onRegistered(registered),
  });
  impala.addSubscriber(`${namespace}/${name}`, subscriber);
  return subscriber;
}

/** @param service the statestored's, as `<namespace>/<name>` */
function networkOf({ surroundings, host }: ProgramContext, service: string): SubscriberNetwork<DaemonProcess> {
  const { network } = surroundings;
  return {
    dial: () => network.dial(host, service),
    ask: (daemon) => {
      const silent = !network.reaches(host, daemon.identity.host) || (daemon.alive && !daemon.responsive);
      if (silent) return 'silence';
      return daemon.alive ? 'answered' : 'closed';
    },
    hears: (daemon) => network.reaches(daemon.identity.host, host),
  };
}
