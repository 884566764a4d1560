import { PAIR_COMPONENTS, type PairComponent } from '../api/names.ts';
import { sleep, type Milliseconds } from '../kube/clock.ts';
import type { Actions } from './actions.ts';
import type { DemoCluster } from './demo-cluster.ts';
import type { HandOver, Meter } from './meter.ts';
import { daemonsOf, leaseOf, snapshotOf, subscribersOf } from './snapshot.ts';

/** What did not come out as it should have. */
export class StoryFailure extends Error {}

/** Tells of the story as it goes on. */
export interface Narrator {
  chapter(title: string): void;
  say(text: string): void;
}

export interface StoryParts {
  readonly demo: DemoCluster;
  readonly actions: Actions;
  readonly meter: Meter;
  readonly narrator: Narrator;
  /** Ends it between two steps. */
  readonly signal: AbortSignal;
}

const LOOK: Milliseconds = 20;
/** Longer than the statestore's renew deadline: an active that could not live on promises would be stopped. */
const OUTAGE: Milliseconds = 7_500;

const LIMITS = {
  /** From the operator's start to a cluster that serves. */
  start: 20_000,
  /** A crash: proof, release, claim. */
  crash: 5_000,
  /** The lease and a second, and what a standby may take to watch again after an outage of the API server. */
  lostNode: 20_000,
  /** T + 5 s + R + I after the new active is there. */
  followed: 16_000,
} as const;

const seconds = (value: number | undefined): string => (value === undefined ? '?' : `${value.toFixed(2)} s`);

/** Crash, operator away, lost node, API outage: each is brought about and measured. */
export class Story {
  readonly #parts: StoryParts;

  constructor(parts: StoryParts) {
    this.#parts = parts;
  }

  /** @throws StoryFailure that says what went wrong */
  async play(): Promise<void> {
    const { narrator } = this.#parts;
    narrator.chapter('A statestored crashes');
    const crash = await this.#crash('statestore', LIMITS.crash);

    narrator.chapter('The operator is away, and a catalogd crashes');
    await this.#withoutOperator();

    narrator.chapter('The API server is away');
    await this.#outage();
    await this.#followers(crash);

    narrator.chapter('A node is lost');
    const lost = await this.#lostNode();
    await this.#followers(lost);
  }

  /** Waits until the cluster serves and both pairs are whole. */
  async whole(limit: Milliseconds = LIMITS.start): Promise<void> {
    await this.#until('the cluster is available and both pairs are whole', limit, () => {
      const { available, pairs, subscribers } = snapshotOf(this.#parts.demo);
      const complete = pairs.every(({ members }) => members.every(({ ready }) => ready));
      return available && complete && subscribers.length >= 5 && subscribers.every(({ connected }) => connected);
    });
  }

  async #crash(component: PairComponent, limit: Milliseconds): Promise<HandOver> {
    const { actions, narrator } = this.#parts;
    const known = this.#handOvers(component).length;
    narrator.say(actions.killActive(component));
    const handOver = await this.#handOver(component, known, limit);
    narrator.say(
      `${handOver.to} is active after ${seconds(handOver.active)}, its daemon serves after ${seconds(handOver.serving)}`,
    );
    return handOver;
  }

  async #withoutOperator(): Promise<void> {
    const { actions, narrator, demo } = this.#parts;
    narrator.say(await actions.toggleOperator());
    await this.#until('the operator is gone', 5_000, () => !snapshotOf(demo).operator);
    await this.#crash('catalog', LIMITS.crash);
    narrator.say(await actions.toggleOperator());
  }

  async #lostNode(): Promise<HandOver> {
    const { actions, narrator } = this.#parts;
    const node = actions.activeNode('statestore');
    if (node === undefined) throw new StoryFailure('no statestore is active');
    const known = this.#handOvers('statestore').length;
    narrator.say(
      `${actions.toggleNode(node)}, where the statestore is active: nobody can say so, the lease has to run out`,
    );
    const handOver = await this.#handOver('statestore', known, LIMITS.lostNode);
    narrator.say(`${handOver.to} is active after ${seconds(handOver.active)}`);
    narrator.say(actions.toggleNode(node));
    return handOver;
  }

  async #outage(): Promise<void> {
    const { actions, narrator, demo, signal } = this.#parts;
    // The members that were lost have to have signed in: who is not on the roster cannot promise anything.
    await this.#until('both pairs are whole', LIMITS.start, () => {
      const { operator, available, pairs } = snapshotOf(demo);
      return operator && available && pairs.every(({ members }) => members.every(({ ready }) => ready));
    });
    const before = { statestore: daemonsOf(demo, 'statestore')[0], catalog: daemonsOf(demo, 'catalog')[0] };
    const renewed = leaseOf(demo, 'statestore')?.spec?.renewTime;
    narrator.say(await actions.toggleApi());
    await sleep(demo.cluster.clock, OUTAGE, signal);
    const survived = PAIR_COMPONENTS.every((component) => before[component]?.alive === true);
    narrator.say(await actions.toggleApi());
    if (!survived) throw new StoryFailure('an active daemon did not live through the outage of the API server');
    await this.#until(
      'the Lease is renewed again',
      8_000,
      () => leaseOf(demo, 'statestore')?.spec?.renewTime !== renewed,
    );
    if (daemonsOf(demo, 'statestore')[0] !== before.statestore)
      throw new StoryFailure('the statestore was handed over');
    narrator.say(
      `both actives lived through ${OUTAGE / 1000} s without it, the statestore on the promise of its standby`,
    );
  }

  /** Those who have to find the new statestored: told when all have. */
  async #followers(handOver: HandOver): Promise<void> {
    const { demo, narrator } = this.#parts;
    await this.#until(
      `everybody is registered with ${handOver.to}`,
      LIMITS.followed,
      () => handOver.followed !== undefined,
    );
    const count = subscribersOf(demo).length;
    narrator.say(
      `all ${count} subscribers are registered with ${handOver.to} ${seconds(handOver.followed)} after the fault`,
    );
  }

  #handOvers(component: PairComponent): HandOver[] {
    return this.#parts.meter.handOvers.filter((one) => one.component === component);
  }

  async #handOver(component: PairComponent, known: number, limit: Milliseconds): Promise<HandOver> {
    const next = (): HandOver | undefined => this.#handOvers(component)[known];
    await this.#until(`the ${component} is handed over`, limit, () => next() !== undefined);
    await this.#until(`the ${component} serves again`, 10_000, () => next()?.serving !== undefined);
    return next()!;
  }

  async #until(what: string, limit: Milliseconds, holds: () => boolean): Promise<void> {
    const { demo, signal, meter } = this.#parts;
    const { clock } = demo.cluster;
    const end = clock.now() + limit;
    while (!holds()) {
      if (signal.aborted) throw new StoryFailure('it was ended');
      const [violation] = meter.violations;
      if (violation !== undefined) throw new StoryFailure(violation);
      if (clock.now() > end) throw new StoryFailure(`it took longer than ${limit / 1000} s until ${what}`);
      await sleep(clock, LOOK, signal);
    }
  }
}
