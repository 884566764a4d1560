import { names, PLAIN } from '../../api/names.ts';
import type { Member, PairComponent } from '../../api/names.ts';
import { statefulSets } from '../../kube/resource.ts';
import type { PodTemplate, StatefulSet } from '../kubernetes-types.ts';
import type { ValidCluster } from '../validate.ts';
import { desired, objectLabels, selectorLabels, stamped } from './metadata.ts';
import type { DesiredObject } from './metadata.ts';
import { commonPodSpec, daemonContainer, daemonVolumes } from './pod.ts';
import { plainTemplate } from './plain-template.ts';
import { plainSelector } from './services.ts';
import { restartAnnotation, templateHashOf, withHash } from './template.ts';

/** An ordered StatefulSet would stay stuck on a bad image even after it was corrected. */
const POLICY = { podManagementPolicy: 'Parallel', updateStrategy: { type: 'RollingUpdate' } } as const;

/** A StatefulSet as it should be when its pods run. */
export interface BuiltStatefulSet {
  readonly name: string;
  readonly templateHash: string;
  readonly replicas: number;
  readonly statefulSet: DesiredObject<StatefulSet>;
}

export const built = (statefulSet: DesiredObject<StatefulSet>): BuiltStatefulSet => ({
  name: statefulSet.body.metadata.name,
  templateHash: templateHashOf(statefulSet.body) ?? '',
  replicas: statefulSet.body.spec?.replicas ?? 1,
  statefulSet,
});

/** The same StatefulSet of another size. */
export function withReplicas({ statefulSet }: BuiltStatefulSet, replicas: number): DesiredObject<StatefulSet> {
  const { body, resource } = statefulSet;
  if (body.spec === undefined || body.spec.replicas === replicas) return statefulSet;
  return { resource, body: stamped({ ...body, spec: { ...body.spec, replicas } }) };
}

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

/** What runs in the members' stead when high availability is off. */
export function plainStatefulSet(cluster: ValidCluster, component: PairComponent): DesiredObject<StatefulSet> {
  const { identity } = cluster;
  return desired<StatefulSet>(
    statefulSets,
    identity,
    { component, member: PLAIN },
    {
      metadata: { name: names.plainStatefulSet(identity.name, component) },
      spec: {
        ...POLICY,
        replicas: 1,
        serviceName: names.headlessService(identity.name, component),
        selector: { matchLabels: plainSelector(identity, component) },
        template: withHash(plainTemplate(cluster, component)),
      },
    },
  );
}

/** All coordinators, or all executors. */
export function impaladStatefulSet(
  cluster: ValidCluster,
  component: 'coordinator' | 'executor',
): DesiredObject<StatefulSet> {
  const { identity } = cluster;
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
        template: withHash(impaladTemplate(cluster, component)),
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
function impaladTemplate(cluster: ValidCluster, component: 'coordinator' | 'executor'): PodTemplate {
  const { identity, spec, daemons } = cluster;
  const daemon = daemons[component];
  const { resources, nodeSelector, tolerations } = impaladSpec(cluster, component);
  return {
    metadata: { labels: objectLabels(identity, { component }), ...restartAnnotation(cluster.restarts[component]) },
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
          ...daemonContainer(daemon, cluster, resources),
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
      volumes: daemonVolumes(daemon, cluster.configuration),
    },
  };
}
