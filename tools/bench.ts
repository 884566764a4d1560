// 200 ImpalaClusters on an embedded Kubernetes: how long until all are available, what the operator takes, and what it
// asks of the API server while nothing changes. The operator is a process of its own, as in its image. It ends with 1, and
// says why, when one of the figures is not within bench-figures.ts.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type BuildOptions } from 'esbuild';
import { pino } from 'pino';
import { AgentMetrics } from '../src/agent/agent-metrics.ts';
import type { ImpalaCluster } from '../src/api/impala-cluster.ts';
import { impalaClusters } from '../src/api/impala-clusters.ts';
import { applyCluster, installDefinition } from '../src/demo/installation.ts';
import { EmbeddedCluster } from '../src/embedded/embedded-cluster.ts';
import { namespaces } from '../src/embedded/kinds/builtin-kinds.ts';
import { sleep, systemClock } from '../src/kube/clock.ts';
import { BENCH_BOUNDS, shortcomings } from './bench-figures.ts';

const CLUSTERS = Number(process.argv[2] ?? 200);
const NAMESPACES = 10;
const NODES = 20;
/** How long is waited for a machine that is slow. */
const LIMIT = 3_000 * BENCH_BOUNDS.seconds;
const IDLE = 30_000;
const SETTLE = 15_000;
const LEADER_LEASE = 'impala-operator-leader';

/** What the operator and the agents asked for. */
class Tally {
  operatorReads = 0;
  operatorWrites = 0;
  leaderWrites = 0;
  agentReads = 0;
  agentWrites = 0;

  operator(method: string, path: string): void {
    if (path.endsWith(LEADER_LEASE)) this.leaderWrites += method === 'GET' ? 0 : 1;
    else if (method === 'GET') this.operatorReads++;
    else this.operatorWrites++;
  }

  agent(verb: string): void {
    if (verb === 'get' || verb === 'list' || verb === 'watch') this.agentReads++;
    else this.agentWrites++;
  }
}

let tally = new Tally();
const writes = new Map<string, number>();

async function main(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'impala-bench-'));
  const cluster = new EmbeddedCluster({
    clock: systemClock,
    random: Math.random,
    logger: pino({ level: process.env.LOG_LEVEL ?? 'silent' }),
    nodes: NODES,
    wire: 'none',
    agentCounters: new AgentMetrics((): never => {
      throw new Error('nobody asks for the gauges');
    }),
    onCall: ({ verb }) => tally.agent(verb),
    onRequest: ({ method, path }) => {
      tally.operator(method, path);
      if (method !== 'GET') writes.set(`${method} ${path}`, (writes.get(`${method} ${path}`) ?? 0) + 1);
    },
  });
  let operator: ChildProcess | undefined;
  try {
    await cluster.start();
    await installDefinition(cluster);
    for (let index = 0; index < NAMESPACES; index++) {
      await cluster.server.client('bench').create({ resource: namespaces }, { metadata: { name: `team-${index}` } });
    }
    operator = await startOperator(cluster.http.url, directory);
    process.exitCode = (await measure(cluster, operator.pid ?? 0)) ? 0 : 1;
  } finally {
    operator?.stdin?.end();
    await cluster.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

/** @returns whether everything was as it should be */
async function measure(cluster: EmbeddedCluster, operator: number): Promise<boolean> {
  const begin = performance.now();
  for (let index = 0; index < CLUSTERS; index++) {
    const manifest = {
      apiVersion: impalaClusters.apiVersion,
      kind: impalaClusters.kind,
      metadata: { name: `impala-${index}` },
      spec: { image: { tag: '4.5.0' } },
    };
    await applyCluster(cluster, manifest, `team-${index % NAMESPACES}`);
  }
  let available = 0;
  while (available < CLUSTERS && performance.now() - begin < LIMIT) {
    await sleep(systemClock, 250);
    available = cluster.server.peekAll<ImpalaCluster>({ resource: impalaClusters }).filter(isAvailable).length;
  }
  const seconds = (performance.now() - begin) / 1000;
  console.log(`${available} of ${CLUSTERS} clusters available after ${seconds.toFixed(1)} s`);
  console.log(
    `operator: ${described(await memory(operator))}, ${tally.operatorReads} reads, ${tally.operatorWrites} writes until then`,
  );
  await sleep(systemClock, SETTLE);
  tally = new Tally();
  writes.clear();
  await sleep(systemClock, IDLE);
  const perMinute = (count: number): string => `${Math.round((count * 60_000) / IDLE)}`;
  const { operatorReads, operatorWrites, leaderWrites, agentReads, agentWrites } = tally;
  console.log(
    `while nothing changes, a minute: operator ${perMinute(operatorReads)} reads, ${perMinute(operatorWrites)} writes ` +
      `(and ${perMinute(leaderWrites)} renewals of its leader Lease)`,
  );
  console.log(
    `  agents of ${2 * CLUSTERS} pairs: ${perMinute(agentReads)} reads, ${perMinute(agentWrites)} writes, ` +
      `${((agentWrites * 60_000) / IDLE / 2 / CLUSTERS).toFixed(1)} writes a pair`,
  );
  const used = await memory(operator);
  console.log(`operator: ${described(used)}`);
  for (const [what, count] of [...writes].filter(([what]) => !what.endsWith(LEADER_LEASE)).slice(0, 10)) {
    console.log(`  not idle: ${count} x ${what}`);
  }
  const problems = shortcomings({
    clusters: CLUSTERS,
    available,
    seconds,
    mebibytes: used?.most,
    idleReads: operatorReads,
    idleWrites: operatorWrites,
  });
  for (const problem of problems) console.log(`not as it should be: ${problem}`);
  return problems.length === 0;
}

const isAvailable = ({ status }: ImpalaCluster): boolean =>
  status?.conditions?.some(({ type, status: value }) => type === 'Available' && value === 'True') ?? false;

async function startOperator(server: string, directory: string): Promise<ChildProcess> {
  const outfile = join(directory, 'operator.js');
  await build({ ...operatorBundle('tools/bench-operator.ts', outfile), logLevel: 'error' });
  await writeFile(join(directory, 'package.json'), '{ "type": "module" }');
  const env = {
    ...process.env,
    SERVER: server,
    OPERATOR_IMAGE: 'impala-operator:bench',
    OPERATOR_NAMESPACE: 'kube-system',
    POD_NAME: 'impala-operator-0',
    LOG_LEVEL: process.env.LOG_LEVEL ?? 'error',
  };
  return spawn(process.execPath, [outfile], { env, stdio: ['pipe', 'inherit', 'inherit'] });
}

/** As tools/build.ts bundles it for the image. */
const operatorBundle = (entry: string, outfile: string): BuildOptions => ({
  entryPoints: [entry],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  minifySyntax: true,
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
  },
});

/** Of a process, in MiB. */
interface Memory {
  readonly now: number;
  readonly most: number;
}

/** Linux tells the resident memory of another process; elsewhere nobody asks. */
async function memory(pid: number): Promise<Memory | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => undefined);
  if (status === undefined) return undefined;
  const mebibytes = (field: string): number =>
    Math.round(Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024);
  return { now: mebibytes('VmRSS'), most: mebibytes('VmHWM') };
}

const described = (memory: Memory | undefined): string =>
  memory === undefined ? 'its memory is not known' : `${memory.now} MiB resident (${memory.most} MiB at most)`;

await main();
process.exit();
