import type { V1Container, V1EnvVar, V1PodSpec, V1Volume } from '@kubernetes/client-node';
import { AGENT_CONTAINER, annotations, MEMBERS, names, PAIR_COMPONENTS } from '../../api/names.ts';
import type { Member, PairComponent } from '../../api/names.ts';
import { AGENT_ENVIRONMENT, GUARD_SCRIPT, SHARED_DIRECTORY } from '../../daemons/agent-configuration.ts';
import type { PairDaemon } from '../../daemons/daemon.ts';
import { hashOf } from '../hash.ts';
import type { PodTemplate } from '../kubernetes-types.ts';
import type { Pair } from '../updates.ts';
import type { ValidCluster } from '../validate.ts';
import { keysMount, keysVolume } from './keys-volume.ts';
import { objectLabels, selectorLabels } from './metadata.ts';
import { commonPodSpec, CONTAINER_SECURITY, daemonContainer, daemonVolumes } from './pod.ts';
import { restartAnnotation, withHash } from './template.ts';

const SHARED_VOLUME = 'ha';
const TOKEN_VOLUME = 'agent-token';
const AGENT_PORT_NAME = 'ha-metrics';
const PROMISE_PORT_NAME = 'ha-promise';
const HOST = 'kubernetes.io/hostname';

/** A pair's pod templates with their common hash. */
export interface PairTemplates {
  /**
   * One hash for both members, so that a failed start of one counts for the other: it changes when the template of
   * either does.
   */
  readonly hash: string;
  readonly templates: Pair<PodTemplate>;
}

/** The pod templates of both members, with this image for their agents. */
export function pairTemplates(cluster: ValidCluster, component: PairComponent, agentImage: string): PairTemplates {
  const plain = {
    a: pairTemplate(cluster, component, 'a', agentImage),
    b: pairTemplate(cluster, component, 'b', agentImage),
  };
  const hash = hashOf(plain);
  return { hash, templates: { a: withHash(plain.a, hash), b: withHash(plain.b, hash) } };
}

function pairTemplate(
  cluster: ValidCluster,
  component: PairComponent,
  member: Member,
  agentImage: string,
): PodTemplate {
  const { identity, spec, daemons } = cluster;
  const daemon = daemons[component][member];
  const { resources, nodeSelector, tolerations } = spec[component];
  return {
    metadata: {
      labels: objectLabels(identity, { component, member }),
      ...restartAnnotation(cluster.restarts[component]),
    },
    spec: {
      ...commonPodSpec(spec),
      serviceAccountName: names.pair(identity.name, component),
      affinity: affinity(cluster, component, member),
      ...(nodeSelector && { nodeSelector }),
      ...(tolerations && { tolerations }),
      initContainers: [agentContainer(daemon, agentImage)],
      containers: [guardedDaemon(daemon, cluster, resources)],
      volumes: [
        ...daemonVolumes(daemon, cluster.configuration),
        sharedVolume,
        tokenVolume,
        keysVolume(identity, component),
      ],
    },
  };
}

/** The daemon's container: its command is the guard, and the agent is its only judge, so that it has no probes. */
function guardedDaemon(
  daemon: PairDaemon,
  cluster: ValidCluster,
  resources: ValidCluster['spec'][PairComponent]['resources'],
): V1Container {
  const container = daemonContainer(daemon, cluster, resources);
  return {
    ...container,
    command: ['/bin/bash', GUARD_SCRIPT, ...daemon.argv],
    volumeMounts: [...(container.volumeMounts ?? []), { name: SHARED_VOLUME, mountPath: SHARED_DIRECTORY }],
  };
}

const field = (name: string, fieldPath: string): V1EnvVar => ({
  name,
  valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } },
});

/**
 * A native sidecar: it is up before the daemon's container starts and ends after it. Its liveness says only that its own
 * event loop turns; its readiness is the pod's: the daemon serves, or could be started at once.
 */
function agentContainer({ agent }: PairDaemon, image: string): V1Container {
  const probe = (path: string) => ({ httpGet: { path, port: AGENT_PORT_NAME, scheme: 'HTTP' } });
  return {
    name: AGENT_CONTAINER,
    image,
    imagePullPolicy: 'IfNotPresent',
    restartPolicy: 'Always',
    command: ['node', '--max-old-space-size=64', '--max-semi-space-size=1', '/app/agent.js'],
    env: [
      { name: AGENT_ENVIRONMENT.configuration, value: JSON.stringify(agent) },
      field(AGENT_ENVIRONMENT.template, `metadata.annotations['${annotations.template}']`),
      field(AGENT_ENVIRONMENT.namespace, 'metadata.namespace'),
      field(AGENT_ENVIRONMENT.podName, 'metadata.name'),
      field(AGENT_ENVIRONMENT.podUid, 'metadata.uid'),
      field(AGENT_ENVIRONMENT.podIp, 'status.podIP'),
      field(AGENT_ENVIRONMENT.nodeName, 'spec.nodeName'),
    ],
    ports: [
      { name: AGENT_PORT_NAME, containerPort: agent.agentPort, protocol: 'TCP' },
      { name: PROMISE_PORT_NAME, containerPort: agent.promisePort, protocol: 'TCP' },
    ],
    startupProbe: { ...probe('/healthz'), periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 60 },
    livenessProbe: { ...probe('/healthz'), periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
    readinessProbe: { ...probe('/readyz'), periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 3 },
    resources: { requests: { cpu: '20m', memory: '64Mi' }, limits: { memory: '128Mi' } },
    securityContext: CONTAINER_SECURITY,
    volumeMounts: [
      { name: SHARED_VOLUME, mountPath: SHARED_DIRECTORY },
      { name: TOKEN_VOLUME, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true },
      keysMount,
    ],
  };
}

/** The guard's script and the FIFOs: in memory, so that no full or hung disk comes between agent and guard. */
const sharedVolume: V1Volume = { name: SHARED_VOLUME, emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } };

/** What kubelet would mount for a service account, for the agent alone. */
const tokenVolume: V1Volume = {
  name: TOKEN_VOLUME,
  projected: {
    sources: [
      { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
        },
      },
    ],
  },
};

/**
 * The members of a pair never share a node. The members `a` of the two pairs, which are the first to become active,
 * rather do not either: a node that takes both actives with it costs more than twice one.
 */
function affinity(
  { identity }: ValidCluster,
  component: PairComponent,
  member: Member,
): NonNullable<V1PodSpec['affinity']> {
  const [preferred] = MEMBERS;
  const others = PAIR_COMPONENTS.filter((other) => other !== component);
  const apartFrom = others.map((other) => ({
    weight: 100,
    podAffinityTerm: { topologyKey: HOST, labelSelector: { matchLabels: selectorLabels(identity, other, preferred) } },
  }));
  return {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { topologyKey: HOST, labelSelector: { matchLabels: selectorLabels(identity, component) } },
      ],
      ...(member === preferred && { preferredDuringSchedulingIgnoredDuringExecution: apartFrom }),
    },
  };
}
