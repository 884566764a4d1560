import { api, paths } from '../api.ts';
import { seconds } from '../clock.ts';
import { missing, until } from '../conditions.ts';
import { OPERATOR_NAMESPACE, OPERATOR_RELEASE } from '../environment.ts';
import { undoLater } from './undo.ts';

const deployment = paths.deployments(OPERATOR_NAMESPACE, OPERATOR_RELEASE);

interface Deployment {
  spec: { replicas: number };
  status: { replicas?: number; readyReplicas?: number };
}

/** Takes the operator away until the case is over, and waits until the last of its pods is gone. */
export async function withoutOperator(): Promise<void> {
  const { spec } = await api.get<Deployment>(deployment);
  undoLater(() => scaleOperator(spec.replicas));
  await scaleOperator(0);
}

/** Starts the operator anew: one that has told of many events of a cluster tells of few more. */
export async function restartOperator(): Promise<void> {
  const { spec } = await api.get<Deployment>(deployment);
  await scaleOperator(0);
  await scaleOperator(spec.replicas);
}

/** Scales the operator and waits until it has taken effect. */
export async function scaleOperator(replicas: number): Promise<void> {
  await api.patch(deployment, { spec: { replicas } });
  await until(
    `${replicas} replicas of the operator`,
    async () => {
      const pods = await api.list(
        `${paths.pods(OPERATOR_NAMESPACE)}?labelSelector=app.kubernetes.io/name=impala-operator`,
      );
      const { status } = await api.get<Deployment>(deployment);
      const settled = pods.length === replicas && (status.readyReplicas ?? 0) === replicas;
      return settled ? true : missing(`${pods.length} pods, ${status.readyReplicas ?? 0} ready`);
    },
    seconds(60),
  );
}
