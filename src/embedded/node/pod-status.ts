import type { Pod } from '../../controllers/kubernetes-types.ts';
import type { ContainerRunner } from './container-runner.ts';

export type PodPhase = 'Pending' | 'Running';

interface Facts {
  readonly phase: PodPhase;
  readonly sidecars: readonly ContainerRunner[];
  readonly mains: readonly ContainerRunner[];
  readonly address: string;
  readonly host: string;
  readonly now: Date;
}

/** What kubelet says of a pod. */
export function podStatus(pod: Pod, { phase, sidecars, mains, address, host, now }: Facts): object {
  const running = phase === 'Running';
  const ready = running && [...sidecars, ...mains].every((runner) => runner.ready);
  const time = now.toISOString().replace(/\.\d{3}Z$/, 'Z');
  const previous = (pod.status?.conditions ?? []) as { type: string; status: string; lastTransitionTime?: string }[];
  const condition = (type: string, holds: boolean): object => {
    const status = holds ? 'True' : 'False';
    const old = previous.find((one) => one.type === type);
    const lastTransitionTime = old?.status === status ? (old.lastTransitionTime ?? time) : time;
    return { type, status, lastTransitionTime, ...(holds ? {} : { reason: 'ContainersNotReady' }) };
  };
  return {
    phase,
    conditions: [
      condition('PodScheduled', true),
      condition('Initialized', running),
      condition('ContainersReady', ready),
      condition('Ready', ready),
    ],
    hostIP: host,
    podIP: address,
    podIPs: [{ ip: address }],
    startTime: pod.metadata.creationTimestamp,
    qosClass: 'Burstable',
    ...(sidecars.length > 0 && { initContainerStatuses: sidecars.map((runner) => runner.status()) }),
    containerStatuses: mains.map((runner) => runner.status()),
  };
}
