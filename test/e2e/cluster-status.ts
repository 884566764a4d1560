import { api } from './api.ts';
import { missing } from './conditions.ts';
import type { Missing } from './conditions.ts';
import type { Condition } from '../../src/api/status.ts';

interface WithConditions {
  metadata: { generation: number };
  status?: { observedGeneration?: number; conditions?: Condition[] };
}

/** A condition of an ImpalaCluster, by what its spec says now. */
export async function conditionOf(path: string, type: string): Promise<Condition | undefined> {
  const { metadata, status } = await api.get<WithConditions>(path);
  if (status?.observedGeneration !== metadata.generation) return undefined;
  return status.conditions?.find((condition) => condition.type === type);
}

/** For `until`: whether a condition has a status, and with what reason. */
export async function hasCondition(
  path: string,
  type: string,
  status: Condition['status'],
  reason?: string,
): Promise<Condition | Missing> {
  const condition = await conditionOf(path, type);
  const holds = condition?.status === status && (reason === undefined || condition.reason === reason);
  return holds ? condition : missing(`${type}: ${JSON.stringify(condition)}`);
}
