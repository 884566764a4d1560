import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  IMAGE_REPOSITORY,
  IMAGE_TAG,
  NAMESPACE,
  onTestCluster,
  OPERATOR_IMAGE,
  OPERATOR_NAMESPACE,
  OPERATOR_RELEASE,
  REPOSITORY,
  RESULTS,
  SLOW_IMAGE_REPOSITORY,
} from './environment.ts';

/**
 * Makes the cluster ready for the cases: Impala's images, the operator's image from this source, the operator by Helm.
 * What is there already is not made again, so that one case can be run again within seconds.
 */

type TestCluster = NonNullable<typeof onTestCluster>;

const OFFICIAL = 'apache/impala';
const DAEMON_IMAGES = ['statestored', 'catalogd', 'impalad_coordinator', 'impalad_executor'];

const say = (what: string): void => {
  process.stderr.write(`e2e: ${what}\n`);
};

function run(program: string, words: readonly string[], environment: NodeJS.ProcessEnv = {}): string {
  return execFileSync(program, words, {
    encoding: 'utf8',
    cwd: REPOSITORY,
    stdio: ['ignore', 'pipe', program === 'ctr' ? 'ignore' : 'inherit'], // ctr warns at every call
    env: { ...process.env, ...environment },
    maxBuffer: 64 << 20,
  });
}

class Nodes {
  readonly #cluster: TestCluster;

  constructor(cluster: TestCluster) {
    this.#cluster = cluster;
  }

  /** Whether every node has an image. */
  have(image: string): boolean {
    return this.#sockets().every((socket) =>
      run('ctr', ['-a', socket, '-n', 'k8s.io', 'images', 'ls', '-q'])
        .split('\n')
        .some((name) => name === `docker.io/${image}` || name === `docker.io/library/${image}`),
    );
  }

  /** Gives an image that every node has a second name. */
  alias(image: string, name: string): void {
    for (const socket of this.#sockets()) {
      const names = [`docker.io/${image}`, `docker.io/${name}`];
      run('ctr', ['-a', socket, '-n', 'k8s.io', 'images', 'tag', '--force', ...names]);
    }
  }

  #sockets(): string[] {
    const { directory } = this.#cluster;
    return readdirSync(directory)
      .filter((name) => /^node-\d+$/.test(name))
      .map((name) => join(directory, name, 'containerd.sock'));
  }
}

/** Impala's daemons under the names of Apache's images. */
function impalaImages(cluster: TestCluster, nodes: Nodes): void {
  const absent = DAEMON_IMAGES.filter((daemon) => !nodes.have(`${OFFICIAL}:${IMAGE_TAG}-${daemon}`));
  if (absent.length === 0) return;
  say(`building Impala's images: ${absent.join(', ')}`);
  run(join(cluster.impala, 'images'), absent, { CLUSTER: cluster.tool });
}

/** A repository that differs from the official one in what its catalogd does. */
function variant(cluster: TestCluster, nodes: Nodes, repository: string, setting: string): void {
  for (const daemon of DAEMON_IMAGES) {
    const [image, original] = [`${repository}:${IMAGE_TAG}-${daemon}`, `${OFFICIAL}:${IMAGE_TAG}-${daemon}`];
    if (nodes.have(image)) continue;
    if (daemon !== 'catalogd') {
      nodes.alias(original, image);
      continue;
    }
    const directory = mkdtempSync(join(tmpdir(), 'e2e-image-'));
    writeFileSync(join(directory, 'Dockerfile'), `FROM ${original}\nENV ${setting}\n`);
    run(cluster.tool, ['image', image, directory]);
    rmSync(directory, { recursive: true });
  }
}

/** Names the operator's image after what it is made of, so that a changed source is a changed image everywhere. */
function sourceHash(): string {
  const hash = createHash('sha256');
  const files = run('git', ['ls-files', '-co', '--exclude-standard', 'src', 'tools', 'Dockerfile', 'package.json']);
  for (const file of [...files.trim().split('\n'), 'package-lock.json'].sort()) {
    try {
      hash.update(file).update(readFileSync(resolve(REPOSITORY, file)));
    } catch {
      // Deleted, and not committed yet.
    }
  }
  return hash.digest('hex').slice(0, 12);
}

function operatorImage(cluster: TestCluster, nodes: Nodes): string {
  const image = `${OPERATOR_IMAGE}-${sourceHash()}`;
  if (nodes.have(image)) return image;
  say(`building the operator's image, ${image}`);
  // Every node loads all archives when it starts: those of earlier sources would only delay it.
  const archives = `${cluster.directory}.images/load`;
  const outdated = OPERATOR_IMAGE.replaceAll(/[/:]/g, '_');
  for (const name of readdirSync(archives)) if (name.startsWith(outdated)) rmSync(join(archives, name));
  run(cluster.tool, ['image', image, REPOSITORY]);
  return image;
}

function installOperator(image: string): void {
  const colon = image.lastIndexOf(':');
  const values = [`image.repository=${image.slice(0, colon)}`, `image.tag=${image.slice(colon + 1)}`];
  say(`installing the operator, ${image}`);
  run('helm', [
    ...['upgrade', '--install', OPERATOR_RELEASE, 'charts/impala-operator'],
    ...['--namespace', OPERATOR_NAMESPACE, '--create-namespace'],
    // A case that changed the Deployment by hand owns what it changed.
    ...['--wait', '--timeout', '2m', '--force-conflicts'],
    ...values.flatMap((value) => ['--set', value]),
  ]);
}

/** The suite's namespace admits only what restricted Pod Security allows: the product's pods must conform. */
async function makeNamespace(): Promise<void> {
  const { api, paths } = await import('./api.ts'); // there was no cluster to connect to before
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  const metadata = { name: NAMESPACE, labels };
  await api.apply(paths.namespace(NAMESPACE), { apiVersion: 'v1', kind: 'Namespace', metadata });
}

rmSync(RESULTS, { recursive: true, force: true });
mkdirSync(RESULTS, { recursive: true });
let image = OPERATOR_IMAGE;
if (onTestCluster === undefined) {
  say(`using the cluster of ${process.env.KUBECONFIG ?? '~/.kube/config'}: cases that hurt nodes are skipped`);
} else {
  run(onTestCluster.tool, ['up', '3']);
  const nodes = new Nodes(onTestCluster);
  impalaImages(onTestCluster, nodes);
  variant(onTestCluster, nodes, IMAGE_REPOSITORY, 'IMPALA_LITE_JVM_SECONDS=3');
  variant(onTestCluster, nodes, SLOW_IMAGE_REPOSITORY, 'IMPALA_LITE_LOAD_SECONDS=30');
  image = operatorImage(onTestCluster, nodes);
}
installOperator(image);
await makeNamespace();
