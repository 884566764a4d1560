import { annotations, names } from '../../api/names.ts';
import type { Member, PairComponent } from '../../api/names.ts';
import { statefulSets } from '../../kube/resource.ts';
import type { PodTemplate, StatefulSet } from '../kubernetes-types.ts';
import type { ValidCluster } from '../validate.ts';
import { configurationHash } from './configuration.ts';
import { desired, objectLabels, selectorLabels } from './metadata.ts';
import type { DesiredObject } from './metadata.ts';
import { commonPodSpec, daemonContainer, daemonVolumes } from './pod.ts';

/** An ordered StatefulSet would stay stuck on a bad image even after it was corrected. */
const POLICY = { podManagementPolicy: 'Parallel', updateStrategy: { type: 'RollingUpdate' } } as const;

/** One member of a pair: a StatefulSet of one. */
export function memberStatefulSet(
  { identity }: ValidCluster,
  component: PairComponent,
  member: Member,
  template: PodTemplate,
): DesiredObject<StatefulSet> {
  return desired<StatefulSet>(
    statefulSets,
    identity,
    { component, member },
    {
      metadata: { name: names.memberStatefulSet(identity.name, component, member) },
      spec: {
        ...POLICY,
        replicas: 1,
        serviceName: names.headlessService(identity.name, component),
        selector: { matchLabels: selectorLabels(identity, component, member) },
        template,
      },
    },
  );
}

/** All coordinators, or all executors. */
export function impaladStatefulSet(
  cluster: ValidCluster,
  component: 'coordinator' | 'executor',
): DesiredObject<StatefulSet> {
  const { identity, spec } = cluster;
  const { replicas } = impaladSpec(cluster, component);
  return desired<StatefulSet>(
    statefulSets,
    identity,
    { component },
    {
      metadata: { name: names.impalads(identity.name, component) },
      spec: {
        ...POLICY,
        replicas,
        serviceName: names.headlessService(identity.name, component),
        selector: { matchLabels: selectorLabels(identity, component) },
        template: impaladTemplate(cluster, component, configurationHash(spec)),
      },
    },
  );
}

const impaladSpec = ({ spec }: ValidCluster, component: 'coordinator' | 'executor') =>
  component === 'coordinator' ? spec.coordinators : spec.executors;

/**
 * `/healthz` fails while the statestored or the catalogd is away: it is readiness, never liveness. What is asked whether
 * the process lives is its web server's port, which opens before it registers with anybody; the JVM comes before that.
 */
function impaladTemplate(
  cluster: ValidCluster,
  component: 'coordinator' | 'executor',
  configuration: string | undefined,
): PodTemplate {
  const { identity, spec, daemons } = cluster;
  const daemon = daemons[component];
  const { resources, nodeSelector, tolerations } = impaladSpec(cluster, component);
  return {
    metadata: {
      labels: objectLabels(identity, { component }),
      ...(configuration && { annotations: { [annotations.configuration]: configuration } }),
    },
    spec: {
      ...commonPodSpec(spec),
      terminationGracePeriodSeconds: daemon.terminationGracePeriodSeconds,
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'kubernetes.io/hostname',
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector: { matchLabels: selectorLabels(identity, component) },
        },
      ],
      ...(nodeSelector && { nodeSelector }),
      ...(tolerations && { tolerations }),
      containers: [
        {
          ...daemonContainer(daemon, spec, resources),
          args: [...daemon.args],
          readinessProbe: {
            httpGet: { path: daemon.readiness.path, port: daemon.readiness.port, scheme: 'HTTP' },
            periodSeconds: 2,
            timeoutSeconds: 2,
            failureThreshold: 3,
          },
          livenessProbe: {
            tcpSocket: { port: 'web' },
            initialDelaySeconds: 60,
            periodSeconds: 10,
            timeoutSeconds: 5,
            failureThreshold: 6,
          },
          lifecycle: { preStop: { exec: { command: [...daemon.preStop] } } },
        },
      ],
      volumes: daemonVolumes(daemon, identity, spec),
    },
  };
}
