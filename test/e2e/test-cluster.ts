import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { test } from '@jest/globals';
import { LONG_CASES, onTestCluster } from './environment.ts';

const run = promisify(execFile);

/**
 * Runs a verb of the test cluster tool, as in `tool('node', 'kill', '2')`.
 * @throws when the suite does not run on the test cluster, or the verb fails
 */
export async function tool(...words: string[]): Promise<string> {
  if (onTestCluster === undefined) throw new Error('this needs the test cluster');
  const { stdout } = await run(onTestCluster.tool, words, { maxBuffer: 64 << 20, timeout: 300_000 });
  return stdout.trim();
}

/** Runs a program (kubectl, helm), with its output as the error's message when it fails. */
export async function program(name: string, ...words: string[]): Promise<string> {
  const { stdout } = await run(name, words, { maxBuffer: 64 << 20, timeout: 120_000 });
  return stdout.trim();
}

/** The number of a node of the test cluster, by its name. */
export function nodeNumber(node: string): string {
  const number = /^node-(\d+)$/.exec(node)?.[1];
  if (number === undefined) throw new Error(`${node} is not a node of the test cluster`);
  return number;
}

/** A case that has to hurt a node or look at its processes: skipped, saying so, where the test cluster is not. */
export function testOnTestCluster(name: string, body: () => Promise<void>, timeout?: number): void {
  if (onTestCluster === undefined) test.skip(`${name} (needs the test cluster)`, body);
  else test(name, body, timeout);
}

/** As {@link testOnTestCluster}, for a case of many minutes: it runs only when that was asked for. */
export function longTestOnTestCluster(name: string, body: () => Promise<void>, length: number): void {
  if (!LONG_CASES) test.skip(`${name} (takes ${Math.ceil(length / 60_000)} minutes: --long)`, body);
  else testOnTestCluster(name, body, length + 300_000);
}
