import { afterEach, describe, expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/demo/main.ts', import.meta.url));
/** On a machine that has nothing else to do it takes 30 s. */
const LIMIT = 120_000;

interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

let running: ChildProcess | undefined;

function run(env: Record<string, string> = {}, onLine: (line: string, child: ChildProcess) => void = () => undefined) {
  return new Promise<Outcome>((resolve) => {
    const child = spawn(process.execPath, [MAIN, '--once'], { env: { ...process.env, NODE_OPTIONS: '', ...env } });
    running = child;
    let output = '';
    const read = (chunk: Buffer): void => {
      output += chunk.toString('utf8');
      for (const line of chunk.toString('utf8').split('\n')) onLine(line, child);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('close', (code) => resolve({ code, output }));
  });
}

const kubeconfigIn = (output: string): string => /KUBECONFIG=(\S+)/.exec(output)?.[1] ?? 'none was printed';

afterEach(() => {
  running?.kill('SIGKILL');
});

describe('npm run demo -- --once', () => {
  test(
    'plays the whole story, measures each hand-over, and leaves nothing behind',
    async () => {
      const { code, output } = await run();
      expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('all came out right') });
      for (const chapter of [
        'A statestored crashes',
        'The operator is away',
        'The API server is away',
        'A node is lost',
      ]) {
        expect(output).toContain(chapter);
      }
      expect(output.match(/is active after \d+\.\d\d s/g)).toHaveLength(3);
      await expect(access(kubeconfigIn(output))).rejects.toThrow(/ENOENT/);
    },
    LIMIT,
  );

  test(
    'ends at once when it is told to, without a trace',
    async () => {
      const { code, output } = await run({}, (line, child) => {
        if (line.includes('applied')) child.kill('SIGTERM');
      });
      expect(code).toBe(1);
      expect(output).toContain('it was ended');
      await expect(access(kubeconfigIn(output))).rejects.toThrow(/ENOENT/);
    },
    LIMIT,
  );
});
