import { now } from '../clock.ts';
import type { Instant } from '../clock.ts';
import { tool } from '../test-cluster.ts';
import { undoLater } from './undo.ts';

/** How the API server goes away: connections are refused, or hang. */
export type ApiOutage = 'killed' | 'stopped';

const VERBS = { killed: ['kill', 'start'], stopped: ['stop', 'cont'] } as const;

let outage: ApiOutage | undefined;

/** Takes the API server away, until the case is over at the latest. Nothing that asks it works meanwhile. */
export async function endApi(how: ApiOutage): Promise<Instant> {
  undoLater(restoreApi);
  const at = now();
  outage = how;
  await tool('api', VERBS[how][0]);
  return at;
}

/** Brings it back, if it is away. */
export async function restoreApi(): Promise<void> {
  const how = outage;
  outage = undefined;
  if (how !== undefined) await tool('api', VERBS[how][1]);
}
