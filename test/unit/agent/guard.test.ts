import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { bootClock } from '../../../src/agent/boot-clock.ts';
import { FifoGuardLink } from '../../../src/agent/guard/guard-link.ts';
import type { Order, Report } from '../../../src/agent/guard/message.ts';
import { writeLine } from '../../../src/agent/guard/fifo.ts';

const SCRIPT = new URL('../../../src/agent/guard/guard.sh', import.meta.url).pathname;

/** Stands for Impala's entrypoint and daemon: knows flags as gflags does, and runs until it is killed. */
const DAEMON = `#!/bin/bash
trap 'exit 0' TERM
for flag in "$@"; do
  case $flag in
    -good=*|daemon) ;;
    -hostname=*) echo "$flag" >"$HA_DIRECTORY/hostname" ;;
    -exit=*) exit "\${flag#*=}" ;;
    *) echo "ERROR: unknown command line flag '$(sed 's/^-*//; s/=.*//' <<<"$flag")'" >&2; wrong=1 ;;
  esac
done
[[ -z \${wrong:-} ]] || exit 1
while :; do read -r -t 0.05 <> <(:); done
`;

const clock = bootClock();
let directory: string;
let link: FifoGuardLink;
let guard: ChildProcess | undefined;
let reports: Report[];
let lifelineEnds: number;

/** Waits until a report like this has come, at most five seconds. */
async function report<V extends Report['verb']>(
  verb: V,
  matches: (found: Report & { verb: V }) => boolean = () => true,
) {
  const deadline = clock.now() + 5_000;
  for (;;) {
    const found = reports.find((one): one is Report & { verb: V } => one.verb === verb && matches(one as never));
    if (found) return found;
    if (clock.now() > deadline) throw new Error(`no ${verb} among ${JSON.stringify(reports)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const startGuard = (...flags: string[]): Promise<string> => startGuardIn({}, ...flags);

async function startGuardIn(
  { environment = {}, stderr }: { environment?: Record<string, string>; stderr?: number },
  ...flags: string[]
): Promise<string> {
  reports = [];
  guard = spawn('bash', [SCRIPT, join(directory, 'entrypoint.sh'), 'daemon', ...flags], {
    env: { ...process.env, HA_DIRECTORY: directory, ...environment },
    stdio: ['ignore', 'ignore', stderr ?? 'ignore'],
  });
  return (await report('hello')).guard;
}

/** A pipe that nobody reads and that holds no byte more. @returns the file descriptor of its write end, which blocks */
function fullPipe(): { writer: number; close: () => void } {
  const path = join(directory, 'stderr');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  const isFull = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EAGAIN';
  for (const size of [4_096, 1]) {
    try {
      for (;;) writeSync(reader, Buffer.alloc(size));
    } catch (error) {
      if (!isFull(error)) throw error;
    }
  }
  return { writer, close: () => [reader, writer].forEach((one) => closeSync(one)) };
}

const inCentiseconds = (milliseconds: number): number => Math.floor((clock.now() + milliseconds) / 10);
const start = (id: string, lasts: number, more: Partial<Order & { verb: 'start' }> = {}): number => {
  const sequence = link.nextSequence();
  const order: Order = {
    verb: 'start',
    guard: id,
    sequence,
    term: 3,
    claim: 'pod/uid/1',
    deadline: inCentiseconds(lasts),
    ...more,
  };
  expect(link.send(order)).toBe(true);
  return order.sequence;
};

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'guard-'));
  writeFileSync(join(directory, 'entrypoint.sh'), DAEMON, { mode: 0o755 });
  reports = [];
  lifelineEnds = 0;
  link = new FifoGuardLink(directory, () => clock.now());
  link.install(SCRIPT);
  link.listen({
    reported: (one) => void reports.push(one),
    reportsClosed: () => undefined,
    lifelineEnded: () => void lifelineEnds++,
  });
});
afterEach(async () => {
  link.close();
  if (guard?.exitCode === null && guard.signalCode === null) {
    const ended = new Promise((resolve) => guard?.once('exit', resolve));
    guard.kill('SIGTERM');
    await ended;
  }
  guard = undefined;
  rmSync(directory, { recursive: true });
});

describe('pre-flight', () => {
  test('passes when the flag that does not exist is the only error', async () => {
    await startGuard('-good=1');
    expect(await report('preflight')).toMatchObject({ outcome: 'passed', text: '' });
  });

  test('fails and says which flag is wrong', async () => {
    await startGuard('-good=1', '-bad_flag=2');
    const { outcome, text } = await report('preflight');
    expect(outcome).toBe('failed');
    expect(text).toContain("unknown command line flag 'bad_flag'");
    expect(text).not.toContain('operator_preflight');
  });

  test('holds no lifeline: it is not the daemon', async () => {
    await startGuard('-good=1');
    expect(link.lifelineHeld()).toBe(false);
    await report('preflight');
    expect(lifelineEnds).toBe(0);
  });
});

describe('a daemon', () => {
  test('runs from the order on and holds the lifeline alone', async () => {
    const id = await startGuard();
    const sequence = start(id, 60_000);
    expect((await report('running')).sequence).toBe(sequence);
    expect(link.lifelineHeld()).toBe(true);
  });

  test('gets the argument that came with the order', async () => {
    const id = await startGuard();
    start(id, 60_000, { argument: '-exit=7' });
    expect((await report('exited')).code).toBe(7);
  });

  test('is killed when its deadline passes, though nobody says anything', async () => {
    const id = await startGuard();
    const begun = clock.now();
    start(id, 500);
    await report('running');
    expect((await report('exited')).code).toBe(137);
    const lived = clock.now() - begun;
    expect(lived).toBeGreaterThanOrEqual(480);
    expect(lived).toBeLessThan(1_000);
    expect(link.lifelineHeld()).toBe(false);
    expect(lifelineEnds).toBe(1);
  });

  test('is killed at its deadline though nobody drains the pipe that the guard logs to', async () => {
    const { writer, close } = fullPipe();
    try {
      const id = await startGuardIn({ stderr: writer }, '-good=1');
      await report('preflight');
      start(id, 500);
      await report('running');
      expect((await report('exited')).code).toBe(137);
      expect(link.lifelineHeld()).toBe(false);
    } finally {
      close();
    }
  });

  test('lives on when its deadline is extended in time', async () => {
    const id = await startGuard();
    start(id, 400);
    await report('running');
    const extend = { verb: 'extend', guard: id, term: 3, claim: 'pod/uid/2' } as const;
    link.send({ ...extend, sequence: link.nextSequence(), deadline: inCentiseconds(60_000) });
    await report('extended');
    const until = clock.now() + 700;
    while (clock.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(link.lifelineHeld()).toBe(true);
    const sequence = link.nextSequence();
    link.send({ verb: 'state?', sequence });
    expect(await report('state')).toMatchObject({ sequence, running: true, claim: 'pod/uid/2' });
  });

  test('is not brought back by an extension once its deadline has passed', async () => {
    const id = await startGuard();
    start(id, 200);
    await report('exited');
    link.send({
      verb: 'extend',
      guard: id,
      sequence: link.nextSequence(),
      term: 3,
      claim: 'c',
      deadline: inCentiseconds(60_000),
    });
    expect((await report('stopped')).reason).toBe('idle');
    expect(link.lifelineHeld()).toBe(false);
  });

  test('is not started by an order whose deadline has passed', async () => {
    const id = await startGuard();
    start(id, -10);
    expect((await report('stopped')).reason).toBe('late');
    expect(link.lifelineHeld()).toBe(false);
  });

  test('is killed by a stop, which is answered after its death', async () => {
    const id = await startGuard();
    start(id, 60_000);
    await report('running');
    const sequence = link.nextSequence();
    link.send({ verb: 'stop', guard: id, sequence });
    await report('stopped', (one) => one.sequence === sequence);
    expect(link.lifelineHeld()).toBe(false);
    expect(reports.map((one) => one.verb).filter((verb) => verb !== 'preflight')).toEqual([
      'hello',
      'running',
      'exited',
      'stopped',
    ]);
  });
});

test('nothing is parsed while children may end: bash would take a trap that comes then for a part of it', () => {
  const code = readFileSync(SCRIPT, 'utf8').replaceAll(/^\s*#.*$/gm, '');
  expect(code).not.toMatch(/\$\((?!\()|`/);
  const topLevel = code.split('\n').filter((line) => /^[a-z]/.test(line) && !line.includes('() {'));
  expect(topLevel.at(-1)).toBe('main');
  expect(topLevel.slice(0, -1).filter((line) => /&$|^(start_preflight|run_daemon|log)/.test(line))).toEqual([]);
});

describe('orders that are not for it', () => {
  const unheeded = async (id: string): Promise<void> => {
    // Answers come in order: when this one is there, the dropped order has been passed over.
    const sequence = link.nextSequence();
    link.send({ verb: 'state?', sequence });
    expect(await report('state', (one) => one.sequence === sequence)).toMatchObject({ guard: id, running: false });
    expect(link.lifelineHeld()).toBe(false);
  };

  test('of an earlier run of the guard are dropped, though their bytes outlived it', async () => {
    const id = await startGuard();
    start('another-guard', 60_000);
    await unheeded(id);
  });

  test('with a sequence number that was used before are dropped', async () => {
    const id = await startGuard();
    const sequence = start(id, 60_000, { argument: '-exit=3' });
    await report('exited');
    start(id, 60_000, { sequence });
    await unheeded(id);
  });

  test.each([
    'start GUARD 99999999999 3 claim 99999999999 -',
    'start GUARD x 3 claim 99999999999 - ;',
    '; ; ; ; ;',
    'start',
  ])('%j, cut off or mangled, is dropped', async (line) => {
    const id = await startGuard();
    writeLine(join(directory, 'orders'), `${line.replace('GUARD', id)}\n`);
    await unheeded(id);
  });
});

describe('SIGTERM', () => {
  test('ends the daemon, reports it, and ends the guard with its code', async () => {
    const id = await startGuard();
    start(id, 60_000);
    await report('running');
    const ended = new Promise<number | null>((resolve) => guard?.once('exit', resolve));
    guard?.kill('SIGTERM');
    const code = await ended;
    expect((await report('exited')).code).toBe(code);
    expect(code).toBe(0);
    expect(reports.findIndex(({ verb }) => verb === 'terminating')).toBeLessThan(
      reports.findIndex(({ verb }) => verb === 'exited'),
    );
    await report('terminating');
    expect(link.lifelineHeld()).toBe(false);
  });

  test('during a stop is no proof of a death that takes its time', async () => {
    // Stands for a process that the kernel takes long to take down.
    const kill = '() { if [[ $1 == -KILL ]]; then (sleep 0.5; builtin kill "$@") & else builtin kill "$@"; fi; }';
    const id = await startGuardIn({ environment: { 'BASH_FUNC_kill%%': kill } }, '-good=1');
    await report('preflight');
    start(id, 60_000);
    await report('running');
    const ended = new Promise<number | null>((resolve) => guard?.once('exit', resolve));
    link.send({ verb: 'stop', guard: id, sequence: link.nextSequence() });
    setTimeout(() => guard?.kill('SIGTERM'), 100);
    await report('exited');
    expect(link.lifelineHeld()).toBe(false);
    expect((await report('exited')).code).toBe(137);
    expect(await ended).toBe(137);
  });

  test('leaves no guard to obey: an order finds nobody', async () => {
    await startGuard();
    const ended = new Promise((resolve) => guard?.once('exit', resolve));
    guard?.kill('SIGTERM');
    await ended;
    expect(link.send({ verb: 'state?', sequence: 1 })).toBe(false);
  });
});
