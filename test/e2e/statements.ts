import { setTimeout as pause } from 'node:timers/promises';
import { now } from './clock.ts';
import type { Instant } from './clock.ts';
import { onTestCluster } from './environment.ts';
import { connectionsTo, processesOf } from './faults/host-processes.ts';
import type { Pod } from './observer/protocol.ts';
import { pageOf } from './registration.ts';

/** A CREATE DATABASE IF NOT EXISTS through a coordinator, as a client without SYNC_DDL sees it. */
export interface Statement {
  readonly coordinator: string;
  readonly issued: Instant;
  /** Undefined while there is no answer. */
  answered?: Instant;
  ok?: boolean;
  /** How long the client waited for its answer, in milliseconds, by the coordinator's own measure. */
  appliedMs?: number;
  error?: string;
}

interface DdlAnswer {
  ok: boolean;
  applied_ms: number;
}

const CATALOG_SERVICE_PORT = 26000;
const WANTED_CONNECTIONS = 3;
let serial = 0;

/** Issues one statement; it never throws, what went wrong is in the answer. */
export function issue(coordinator: Pod, timeout: number): { statement: Statement; done: Promise<void> } {
  const statement: Statement = { coordinator: coordinator.metadata.name, issued: now() };
  serial += 1;
  const path = `/ddl?name=e2e_${process.pid}_${serial}&wait=none&timeout_ms=${timeout}`;
  const done = pageOf(coordinator, path, timeout + 2000).then(
    ({ status, body }) => {
      const answer = status === 200 || status === 503 ? (JSON.parse(body) as DdlAnswer) : undefined;
      Object.assign(statement, {
        answered: now(),
        ok: answer?.ok === true,
        ...(answer && { appliedMs: answer.applied_ms }),
        ...(answer?.ok !== true && { error: `HTTP status ${status}: ${body.replaceAll(/\s+/g, ' ')}` }),
      });
    },
    (error: unknown) => {
      Object.assign(statement, { answered: now(), ok: false, error: String(error) });
    },
  );
  return { statement, done };
}

/** A client of each of several coordinators that issues a statement twice a second, whether or not the last is answered. */
export class StatementStream {
  readonly statements: Statement[] = [];
  readonly #answers: Promise<void>[] = [];
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>;

  /** @param timeout for each statement, in milliseconds */
  constructor(coordinators: readonly Pod[], timeout: number) {
    this.#running = Promise.all(coordinators.map((coordinator) => this.#run(coordinator, timeout)));
  }

  /** Issues no more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Waits for the answers to all that were issued. */
  async answers(): Promise<Statement[]> {
    await this.stop();
    await Promise.all(this.#answers);
    return this.statements;
  }

  async #run(coordinator: Pod, timeout: number): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const { statement, done } = issue(coordinator, timeout);
      this.statements.push(statement);
      this.#answers.push(done);
      await pause(500, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }
}

/**
 * Makes each coordinator hold several pooled connections to the catalogd, as a busy one does: it opens one for each
 * statement in flight and keeps them for ever.
 * @throws when it does not succeed: a test of stale connections without any would show nothing
 */
export async function fillConnectionPools(coordinators: readonly Pod[]): Promise<void> {
  for (const coordinator of coordinators) {
    for (let attempt = 1; pooled(coordinator) < WANTED_CONNECTIONS; attempt += 1) {
      const burst = Array.from({ length: 8 }, () => issue(coordinator, 5000));
      await Promise.all(burst.map(({ done }) => done));
      if (attempt < 20) continue;
      const errors = burst.map(({ statement }) => statement.error ?? 'ok').join('; ');
      throw new Error(`${coordinator.metadata.name} keeps ${pooled(coordinator)} connections: ${errors}`);
    }
  }
}

function pooled(coordinator: Pod): number {
  if (onTestCluster === undefined) return WANTED_CONNECTIONS;
  const impalad = processesOf(coordinator, 'impalad').find(({ command }) => command === 'impalad');
  return impalad === undefined ? 0 : connectionsTo(impalad, CATALOG_SERVICE_PORT);
}
