import type { PairComponent } from '../../api/names.ts';
import { PLAIN } from '../../api/names.ts';
import type { PodTemplate } from '../kubernetes-types.ts';
import type { ValidCluster } from '../validate.ts';
import { objectLabels } from './metadata.ts';
import { commonPodSpec, daemonContainer, daemonVolumes } from './pod.ts';
import { restartAnnotation } from './template.ts';

/**
 * The template of the pod that runs when high availability is off. What the agent judges by is kubelet's business here:
 * a daemon that does not start in its time, or hangs, is restarted in its place.
 */
export function plainTemplate(cluster: ValidCluster, component: PairComponent): PodTemplate {
  const { identity, spec, daemons } = cluster;
  const daemon = daemons.plain[component];
  const { resources, nodeSelector, tolerations } = spec[component];
  const { port, periodSeconds, timeoutSeconds, failureThreshold, startTimeoutSeconds } = daemon.health;
  const probe = {
    httpGet: { path: '/healthz', port, scheme: 'HTTP' },
    periodSeconds,
    timeoutSeconds,
    failureThreshold,
  };
  return {
    metadata: {
      labels: objectLabels(identity, { component, member: PLAIN }),
      ...restartAnnotation(cluster.restarts[component]),
    },
    spec: {
      ...commonPodSpec(spec),
      ...(nodeSelector && { nodeSelector }),
      ...(tolerations && { tolerations }),
      containers: [
        {
          ...daemonContainer(daemon, cluster, resources),
          command: [...daemon.argv],
          startupProbe: { ...probe, failureThreshold: Math.ceil(startTimeoutSeconds / periodSeconds) },
          livenessProbe: probe,
          readinessProbe: probe,
        },
      ],
      volumes: daemonVolumes(daemon, cluster.configuration),
    },
  };
}
