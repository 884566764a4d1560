import { pino } from 'pino';
import { LastWords } from '../../../src/controllers/lost-nodes/last-words.ts';
import { LeaseSilence } from '../../../src/controllers/lost-nodes/lease-silence.ts';
import { ImpalaClusterController } from '../../../src/controllers/impala-cluster-controller.ts';
import { ClusterWatches } from '../../../src/controllers/watches.ts';
import { RetryingKubernetesApi } from '../../../src/kube/retrying-kubernetes-api.ts';
import { KubernetesApiError } from '../../../src/kube/kubernetes-api.ts';
import { WorkQueue } from '../../../src/kube/work-queue.ts';
import { SimulatedProcess } from '../engine/simulated-process.ts';
import type { Connection } from './connection.ts';
import type { World } from '../world.ts';

const silent = pino({ level: 'silent' });
const RESYNC = 5 * 60_000;
/** A busy operator comes to a cluster later than at once, and then to all that is new. */
const LONGEST_DELAY = 3_000;

/** The operator's process: the product's watches, queue and controller, as its leader runs them. */
export class SimulatedOperator {
  process: SimulatedProcess | undefined;
  connection: Connection | undefined;
  #running: AbortController | undefined;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  start(): void {
    const world = this.#world;
    const process = new SimulatedProcess('operator', world.controlNode, world.timeline);
    const { clock } = process;
    const random = world.random.next;
    const { api, connection } = world.connect(process, 'operator', ['operator'], {
      authorized: () => true,
      onCall: () => undefined,
    });
    this.process = process;
    this.connection = connection;
    this.#running = new AbortController();
    const { signal } = this.#running;
    const lastWords = new LastWords();
    const silence = new LeaseSilence(clock, (key) => queue.add(key));
    const watches = new ClusterWatches({
      environment: { api, clock, random },
      onNews: (key) => queue.addAfter(key, world.random.between(20, LONGEST_DELAY)),
      onSeen: (resource, object, now) => {
        if (now === undefined) lastWords.note(resource, object);
        silence.note(resource, object, now);
      },
      onError: ({ kind }, error) => this.#say(`watch of ${kind}: ${messageOf(error)}`),
    });
    const controller = new ImpalaClusterController({
      api: new RetryingKubernetesApi(api, { clock, random, onRetry: () => undefined }),
      cache: watches,
      clock,
      logger: silent,
      record: ({ reason, note }) => this.#say(`${reason}: ${note}`),
      observer: {
        status: () => undefined,
        endpointRepaired: (_, __, component) => this.#say(`repairs the slice of ${component}`),
      },
      lastWords,
      isSilent: (lease) => silence.isSilent(lease),
      // Here nodes fall silent for reasons of their own, never because the API server is away.
      apiUnbrokenFor: () => Infinity,
      operatorImage: 'impala-operator:simulated',
    });
    const queue = new WorkQueue({
      clock,
      random,
      handle: (key) => controller.reconcile(key),
      onError: (_, error) => this.#failed(error),
      resync: { period: RESYNC, keys: () => watches.keys() },
    });
    void watches.run(signal);
    void silence.run(signal);
    void watches.waitForSync(signal).then(async (synced) => {
      if (!synced) return;
      for (const key of watches.keys()) queue.add(key);
      await queue.run(signal);
    });
  }

  /** It is killed. */
  stop(): void {
    this.process?.kill();
    this.#running?.abort();
    this.connection?.close();
    this.process = undefined;
  }

  #failed(error: unknown): void {
    this.#say(messageOf(error));
    if (!(error instanceof KubernetesApiError)) {
      const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#world.invariants.violate('defect', stack);
    }
  }

  #say(text: string): void {
    this.#world.traceOf('operator', text);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
