import { setTimeout as pause } from 'node:timers/promises';
import { ApiClient } from '../api-client.ts';
import { now } from '../clock.ts';
import { ImpaladPoller, awaitHealthy } from './daemon-pages.ts';
import { followObjects } from './object-watch.ts';
import { ProcessSampler } from './process-sampler.ts';
import type { Pod, Settings, Sighting, Watched } from './protocol.ts';

/**
 * The observer's own process: whatever the suite is busy with, or waits for, this goes on looking. It reports what it
 * sees with the time when it saw it, and judges nothing.
 */

const SAMPLE_EVERY = 20;
const GAP = 50;

const see = (sighting: Sighting): void => {
  process.send?.(sighting);
};

const sampler = new ProcessSampler((sighting) => {
  see(sighting);
  if (sighting.kind === 'started') void watchHealth(sighting.pid, sighting.podUid);
});
const pods = new Map<string, Pod>();

async function watchHealth(pid: number, podUid: string): Promise<void> {
  // At the start, processes are found before the first list of pods has arrived.
  while (!pods.has(podUid) && sampler.runs(pid)) await pause(50);
  const pod = pods.get(podUid);
  if (pod === undefined) return;
  const at = await awaitHealthy(pod, () => sampler.runs(pid));
  if (at !== undefined) see({ kind: 'healthy', at, pid });
}

async function sampleForEver(): Promise<never> {
  let last = now();
  for (;;) {
    const at = now();
    if (at - last > GAP) see({ kind: 'gap', at, length: at - last });
    last = at;
    sampler.sample();
    await pause(Math.max(1, SAMPLE_EVERY - (now() - at)));
  }
}

function start(told: Settings): void {
  const api = new ApiClient(told.credentials);
  const impalads = new ImpaladPoller(told, api, see);
  const follow = (of: keyof Watched, path: string): void => {
    void followObjects(
      api,
      path,
      (object, deleted) => {
        see({ kind: 'object', at: now(), of, deleted, object });
        if (of !== 'pods') return;
        const pod = object as Pod;
        if (deleted) pods.delete(pod.metadata.uid);
        else pods.set(pod.metadata.uid, pod);
        impalads.follow(pod, deleted);
      },
      (what) => see({ kind: 'trouble', at: now(), what }),
    );
  };
  const namespace = `namespaces/${told.namespace}`;
  follow('pods', `/api/v1/${namespace}/pods`);
  follow('leases', `/apis/coordination.k8s.io/v1/${namespace}/leases`);
  follow('slices', `/apis/discovery.k8s.io/v1/${namespace}/endpointslices`);
  if (told.local) void sampleForEver();
}

process.on('message', (message: Settings | 'report') => {
  if (message !== 'report') {
    start(message);
    return;
  }
  const { user, system } = process.cpuUsage();
  see({ kind: 'report', at: now(), samples: sampler.samples, cpuSeconds: (user + system) / 1e6 });
});
process.on('disconnect', () => process.exit());
