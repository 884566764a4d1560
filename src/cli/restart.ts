import { impalaClusters } from '../api/impala-clusters.ts';
import { annotations } from '../api/names.ts';
import type { Component } from '../api/names.ts';
import type { CommandEnvironment } from './command-environment.ts';
import { findCluster } from './find.ts';

/**
 * Asks for all pods of a cluster, or of one component, to be made anew, one after the other, as by a change of the spec.
 * @throws CommandError
 */
export async function restart(
  environment: CommandEnvironment,
  { cluster, component }: { cluster: string; component?: Component | undefined },
): Promise<void> {
  const { api, namespace, clock, print } = environment;
  const { spec } = await findCluster(environment, cluster);
  const patch = { metadata: { annotations: { [annotations.restartedAt(component)]: clock.date().toISOString() } } };
  await api.mergePatch({ resource: impalaClusters, namespace, name: cluster }, patch);
  print(`asked for a restart of ${component === undefined ? cluster : `the ${component} of ${cluster}`}`);
  if (spec.paused) print('it is paused: the restart begins when spec.paused is false');
  else print(`kubectl get impala ${cluster} -n ${namespace} -w shows how it goes on`);
}
