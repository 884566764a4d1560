import { GROUP, KIND, VERSION } from '../../src/api/names.ts';
import { CLUSTER, IMAGE_REPOSITORY, IMAGE_TAG, NAMESPACE, onTestCluster } from './environment.ts';

type Section = Record<string, unknown>;

/** What a case changes of the suite's ordinary cluster: merged into each section of its spec. */
export interface Changes {
  name?: string;
  repository?: string;
  statestore?: Section;
  catalog?: Section;
  coordinators?: Section;
  executors?: Section;
}

/** Small enough for three nodes on one machine; the memory limit lets a case run a daemon's container out of memory. */
const DAEMON_RESOURCES = onTestCluster
  ? { requests: { cpu: '10m', memory: '48Mi' }, limits: { memory: '64Mi' } }
  : { requests: { cpu: '100m', memory: '1Gi' } };
const IMPALAD_RESOURCES = onTestCluster
  ? { requests: { cpu: '10m', memory: '48Mi' } }
  : { requests: { cpu: '100m', memory: '1Gi' } };

/** Impalads have nothing to finish here: they leave at once. */
const SHUTDOWN = { shutdown_grace_period_s: '1', shutdown_deadline_s: '5' };

/** The custom resource of a cluster with two coordinators, two executors and both pairs. */
export function impalaCluster(changes: Changes = {}) {
  const impalads = { replicas: 2, flags: SHUTDOWN, resources: IMPALAD_RESOURCES };
  const pair = { resources: DAEMON_RESOURCES };
  return {
    apiVersion: `${GROUP}/${VERSION}`,
    kind: KIND,
    metadata: { name: changes.name ?? CLUSTER, namespace: NAMESPACE },
    spec: {
      image: { repository: changes.repository ?? IMAGE_REPOSITORY, tag: IMAGE_TAG },
      statestore: { ...pair, ...changes.statestore },
      catalog: { ...pair, ...changes.catalog },
      coordinators: { ...impalads, ...changes.coordinators },
      executors: { ...impalads, ...changes.executors },
    },
  };
}

/** A cluster as small as it can be: one coordinator, no executor. */
export function smallCluster(name: string, changes: Changes = {}) {
  return impalaCluster({ name, ...changes, coordinators: { replicas: 1 }, executors: { replicas: 0 } });
}
