import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { bootClock } from '../../../src/agent/boot-clock.ts';
import { writeLine } from '../../../src/agent/guard/fifo.ts';
import { FifoGuardLink } from '../../../src/agent/guard/guard-link.ts';
import { decodeReport, encodeOrder, type Order, type Report } from '../../../src/agent/guard/message.ts';
import { SimulatedNode } from '../engine/node.ts';
import { SimulatedProcess } from '../engine/simulated-process.ts';
import { Timeline } from '../engine/timeline.ts';
import { VirtualGuard, type Child } from '../../../src/embedded/guard/virtual-guard.ts';
import { PodVolume } from '../../../src/embedded/guard/pod-volume.ts';

/** One step of a script; times in milliseconds. */
type Step =
  | { readonly start: number; readonly exits?: number; readonly toAnother?: true; readonly again?: true }
  | { readonly extend: number; readonly again?: true }
  | { readonly raw: string }
  | { readonly wait: number }
  | 'stop'
  | 'state?'
  | 'crash'
  | 'SIGTERM';

const SCRIPTS: Readonly<Record<string, readonly Step[]>> = {
  'a daemon that runs until it is stopped': [{ start: 60_000 }, { wait: 150 }, 'state?', { wait: 50 }, 'stop'],
  'a deadline that passes': [{ start: 300 }, { wait: 700 }, 'state?'],
  'a deadline that is pushed on': [
    { start: 400 },
    { wait: 200 },
    { extend: 700 },
    { wait: 400 },
    'state?',
    { wait: 600 },
    'state?',
  ],
  'an extension that is shorter than the deadline': [
    { start: 800 },
    { wait: 100 },
    { extend: 100 },
    { wait: 400 },
    'state?',
    'stop',
  ],
  'an extension that comes too late': [{ start: 200 }, { wait: 500 }, { extend: 60_000 }, { wait: 100 }, 'state?'],
  'a daemon that exits by itself': [{ start: 60_000, exits: 7 }, { wait: 400 }, 'state?'],
  'a daemon that crashes, and an extension after it': [
    { start: 60_000 },
    { wait: 200 },
    'crash',
    { wait: 300 },
    { extend: 60_000 },
    { wait: 100 },
    'state?',
  ],
  'a second start': [
    { start: 60_000 },
    { wait: 150 },
    { start: 60_000 },
    { wait: 50 },
    'stop',
    { wait: 50 },
    { start: 60_000 },
    { wait: 150 },
    'stop',
  ],
  'a start that is late': [{ start: -50 }, { wait: 50 }, 'state?'],
  'orders of another run of the guard, and old ones': [
    { start: 60_000, toAnother: true },
    { wait: 50 },
    'state?',
    { wait: 50 },
    { start: 60_000, exits: 3 },
    { wait: 400 },
    { start: 60_000, again: true },
    { wait: 100 },
    'state?',
  ],
  'bytes that are no orders': [
    { raw: 'start GUARD 99999999999999 3 claim 99999999999 -\n' },
    { raw: 'start GUARD x 3 claim 99999999999 - ;\n' },
    { raw: '\n; ; ;\nstart\n' },
    { raw: 'state' },
    { wait: 250 },
    { raw: '? * 99 ;\n' },
    { wait: 50 },
    'state?',
  ],
  'SIGTERM with a daemon': [{ start: 60_000 }, { wait: 200 }, 'SIGTERM', { wait: 400 }],
  'SIGTERM without one': ['SIGTERM', { wait: 300 }],
  'a stop when nothing runs': ['stop', { wait: 50 }, 'stop'],
};

/** What a script looks like from the agent: reports in their order, with orders by their number and no times. */
class Protocol {
  readonly lines: string[] = [];
  readonly #sequences = new Map<number, number>();
  #orders = 0;

  ordered(sequence: number): void {
    if (!this.#sequences.has(sequence)) this.#sequences.set(sequence, ++this.#orders);
  }

  reported(report: Report): void {
    const number = (sequence: number): string => `#${this.#sequences.get(sequence) ?? sequence}`;
    switch (report.verb) {
      case 'hello':
      case 'terminating':
        this.lines.push(report.verb);
        return;
      case 'preflight':
        this.lines.push(`preflight ${report.outcome}`);
        return;
      case 'running':
      case 'extended':
        this.lines.push(`${report.verb} ${number(report.sequence)}`);
        return;
      case 'stopped':
        this.lines.push(`stopped ${number(report.sequence)} ${report.reason}`);
        return;
      case 'exited':
        this.lines.push(`exited ${number(report.startedBy)} ${report.code}`);
        return;
      case 'state': {
        const { running, startedBy, claim, preflight } = report;
        const what = running ? 'running' : 'idle';
        this.lines.push(`state ${number(report.sequence)} ${what} ${number(startedBy)} ${claim} ${preflight}`);
      }
    }
  }
}

/** One side on which a script is played. */
interface Stage {
  readonly guard: string;
  now(): number;
  /** @param line with its line feed */
  write(line: string): void;
  crash(): void;
  terminate(): void;
  wait(milliseconds: number): Promise<void>;
  lifelineHeld(): boolean;
}

async function play(script: readonly Step[], stage: Stage, protocol: Protocol): Promise<string[]> {
  let sequence = Math.floor(stage.now());
  let last: Order | undefined;
  const send = (order: Order): void => {
    protocol.ordered(order.sequence);
    last = order;
    stage.write(encodeOrder(order));
  };
  const until = (lasts: number): number => Math.floor((stage.now() + lasts) / 10);
  for (const step of script) {
    sequence++;
    const { guard } = stage;
    if (step === 'stop') send({ verb: 'stop', guard, sequence });
    else if (step === 'state?') send({ verb: 'state?', sequence });
    else if (step === 'crash') stage.crash();
    else if (step === 'SIGTERM') stage.terminate();
    else if ('wait' in step) await stage.wait(step.wait);
    else if ('raw' in step) stage.write(step.raw.replace('GUARD', guard));
    else if (step.again && last) {
      const start: Order = {
        verb: 'start',
        guard,
        sequence: sequence - 4,
        term: 1,
        claim: 'c',
        deadline: until(60_000),
      };
      stage.write(encodeOrder(start));
    } else if ('start' in step) {
      const argument = step.exits === undefined ? {} : { argument: `-exit=${step.exits}` };
      const addressee = step.toAnother ? 'another' : guard;
      send({
        verb: 'start',
        guard: addressee,
        sequence,
        term: 3,
        claim: 'c',
        deadline: until(step.start),
        ...argument,
      });
    } else send({ verb: 'extend', guard, sequence, term: 4, claim: 'd', deadline: until(step.extend) });
  }
  await stage.wait(200);
  return [...protocol.lines, stage.lifelineHeld() ? 'lifeline held' : 'lifeline free'];
}

const SOURCE = new URL('../../../src/agent/guard/guard.sh', import.meta.url).pathname;
const DAEMON = `#!/bin/bash
trap 'exit 0' TERM
for flag in "$@"; do
  case $flag in
    -exit=*) exit "\${flag#*=}" ;;
    -operator_preflight=*) echo "ERROR: unknown command line flag 'operator_preflight'" >&2; exit 1 ;;
  esac
done
while :; do read -r -t 0.05 <> <(:); done
`;

async function playOnBash(script: readonly Step[]): Promise<string[]> {
  const clock = bootClock();
  const directory = mkdtempSync(join(tmpdir(), 'virtual-guard-'));
  writeFileSync(join(directory, 'entrypoint.sh'), DAEMON, { mode: 0o755 });
  const link = new FifoGuardLink(directory, () => clock.now());
  link.install(SOURCE);
  const protocol = new Protocol();
  let id = '';
  let ready = (): void => undefined;
  const preflight = new Promise<void>((resolve) => (ready = resolve));
  link.listen({
    reported: (report) => {
      if (report.verb === 'hello') id = report.guard;
      protocol.reported(report);
      if (report.verb === 'preflight') ready();
    },
    reportsClosed: () => undefined,
    lifelineEnded: () => undefined,
  });
  const env = { ...process.env, HA_DIRECTORY: directory };
  const guard: ChildProcess = spawn('bash', [SOURCE, join(directory, 'entrypoint.sh')], { env, stdio: 'ignore' });
  const ended = new Promise((resolve) => guard.once('exit', resolve));
  const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
  try {
    await preflight;
    return await play(
      script,
      {
        get guard() {
          return id;
        },
        now: () => clock.now(),
        write: (line) => void writeLine(join(directory, 'orders'), line),
        crash: () => {
          const children = readFileSync(`/proc/${guard.pid}/task/${guard.pid}/children`, 'utf8').trim().split(' ');
          for (const child of children) process.kill(Number(child), 'SIGKILL');
        },
        terminate: () => void guard.kill('SIGTERM'),
        wait,
        lifelineHeld: () => link.lifelineHeld(),
      },
      protocol,
    );
  } finally {
    guard.kill('SIGTERM');
    await ended;
    link.close();
    rmSync(directory, { recursive: true });
  }
}

/** A child that lives until it is told otherwise. */
function modelChild(timeline: Timeline, exitsWith: number | undefined): Child {
  let alive = true;
  const end = (code: number): void => {
    if (!alive) return;
    alive = false;
    child.code = code;
    child.onEnd();
  };
  const child = {
    get alive() {
      return alive;
    },
    code: 0,
    onEnd: () => undefined as void,
    terminate: () => void timeline.after(3, () => end(0)),
    kill: () => void timeline.after(3, () => end(137)),
  };
  if (exitsWith !== undefined) timeline.after(5, () => end(exitsWith));
  return child;
}

async function playOnModel(script: readonly Step[]): Promise<string[]> {
  const timeline = new Timeline();
  const node = new SimulatedNode('node', timeline, { rate: 1, uptime: 1_000_000, wallOffset: 0 });
  const process = new SimulatedProcess('guard', node, timeline);
  const volume = new PodVolume();
  const protocol = new Protocol();
  let partial = '';
  volume.reports.openToRead({
    readable: () => {
      const lines = (partial + volume.reports.readAll()).split('\n');
      partial = lines.pop() ?? '';
      for (const report of lines.map(decodeReport)) if (report) protocol.reported(report);
    },
  });
  let daemon: Child | undefined;
  const model: VirtualGuard = new VirtualGuard({
    id: 'this',
    volume,
    process,
    startDaemon: (argument) => {
      const child = modelChild(timeline, argument.startsWith('-exit=') ? Number(argument.slice(6)) : undefined);
      volume.lifeline.openToWrite(child);
      // The guard sets onEnd once it has the child.
      queueMicrotask(() => {
        const { onEnd } = child;
        child.onEnd = () => {
          volume.lifeline.close(child);
          onEnd();
        };
      });
      daemon = child;
      return child;
    },
    startPreflight: () => modelChild(timeline, 1),
    preflightProblem: () => undefined,
    exit: () => {
      process.kill();
      model.died();
    },
  });
  const wait = (milliseconds: number): Promise<void> => timeline.run(timeline.now + milliseconds, () => false);
  await wait(300);
  return play(
    script,
    {
      guard: 'this',
      now: () => process.clock.now(),
      write: (line) => void volume.orders.write(line),
      crash: () => daemon?.kill(),
      terminate: () => model.terminate(),
      wait,
      lifelineHeld: () => volume.lifeline.hasWriter,
    },
    protocol,
  );
}

describe('the model of the guard says what guard.sh says:', () => {
  test.each(Object.entries(SCRIPTS))('%s', async (_name, script) => {
    const [bash, model] = await Promise.all([playOnBash(script), playOnModel(script)]);
    expect(model).toEqual(bash);
    expect(bash.length).toBeGreaterThan(2);
  });
});
