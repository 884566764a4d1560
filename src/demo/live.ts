import type { ReadStream, WriteStream } from 'node:tty';
import type { Logger } from 'pino';
import { sleep, type Milliseconds } from '../kube/clock.ts';
import { Actions } from './actions.ts';
import { DemoCluster } from './demo-cluster.ts';
import { Meter } from './meter.ts';
import { Screen } from './screen.ts';
import { snapshotOf } from './snapshot.ts';
import { Story, StoryFailure } from './story.ts';
import { view, type ViewInput } from './view.ts';

const FRAME: Milliseconds = 100;

interface Terminal {
  readonly input: ReadStream;
  readonly output: WriteStream;
}

/** Shows the cluster in the terminal, plays the story, and takes keys, until it is told to end. */
export async function playLive(terminal: Terminal, logger: Logger, signal: AbortSignal): Promise<number> {
  const demo = await DemoCluster.start(logger);
  const live = new Live(demo, terminal, signal);
  try {
    await live.run();
  } finally {
    await demo.stop();
  }
  return live.violation === undefined ? 0 : 1;
}

class Live {
  readonly #demo: DemoCluster;
  readonly #terminal: Terminal;
  readonly #actions: Actions;
  readonly #meter: Meter;
  readonly #ending = new AbortController();
  readonly #begin = performance.now();
  #story: AbortController | undefined;
  #said = 'the cluster comes up';
  #chapter: string | undefined;

  constructor(demo: DemoCluster, terminal: Terminal, signal: AbortSignal) {
    this.#demo = demo;
    this.#terminal = terminal;
    this.#actions = new Actions(demo);
    this.#meter = new Meter(demo);
    signal.addEventListener('abort', () => this.#ending.abort(), { once: true });
  }

  get violation(): string | undefined {
    return this.#meter.violations[0];
  }

  async run(): Promise<void> {
    const { input, output } = this.#terminal;
    const screen = new Screen(output);
    screen.enter();
    input.setRawMode(true);
    input.resume();
    const onKey = (data: Buffer): void => void this.#pressed(data.toString('utf8'));
    input.on('data', onKey);
    this.#meter.start();
    try {
      await this.#demo.applyQuickstart();
      this.#play();
      while (!this.#ending.signal.aborted) {
        screen.draw(view(this.#input()));
        await sleep(this.#demo.cluster.clock, FRAME, this.#ending.signal);
      }
    } finally {
      this.#story?.abort();
      this.#meter.stop();
      input.off('data', onKey);
      input.setRawMode(false);
      input.pause();
      screen.leave();
    }
  }

  #input(): ViewInput {
    return {
      snapshot: snapshotOf(this.#demo),
      handOvers: this.#meter.handOvers,
      kubeconfig: this.#demo.kubeconfig,
      said: this.#said,
      chapter: this.#chapter,
      violation: this.violation,
      elapsed: (performance.now() - this.#begin) / 1000,
      rows: this.#terminal.output.rows,
    };
  }

  /** Plays the story from its beginning. */
  #play(): void {
    const story = new AbortController();
    this.#story?.abort();
    this.#story = story;
    void this.#tell(story.signal).finally(() => {
      if (this.#story === story) this.#story = undefined;
    });
  }

  async #tell(signal: AbortSignal): Promise<void> {
    const narrator = {
      chapter: (title: string): void => {
        if (!signal.aborted) this.#chapter = title;
      },
      say: (text: string): void => {
        if (!signal.aborted) this.#said = text;
      },
    };
    const story = new Story({ demo: this.#demo, actions: this.#actions, meter: this.#meter, narrator, signal });
    try {
      await this.#actions.restore();
      await story.whole();
      await story.play();
      this.#said = 'that was the story; now it is your turn';
    } catch (error) {
      if (signal.aborted) return;
      this.#said = error instanceof StoryFailure ? error.message : String(error);
    }
    this.#chapter = undefined;
  }

  async #pressed(key: string): Promise<void> {
    if (key === 'q' || key === '\x03') {
      this.#ending.abort();
      return;
    }
    if (key === 'p') {
      this.#play();
      return;
    }
    const action = this.#actionOf(key);
    if (action === undefined) return;
    // Who takes the keys tells the story.
    this.#story?.abort();
    this.#chapter = undefined;
    try {
      this.#said = await action();
    } catch (error) {
      this.#said = `that did not work: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  #actionOf(key: string): (() => string | Promise<string>) | undefined {
    const actions = this.#actions;
    const node = this.#demo.cluster.nodes[Number(key) - 1];
    if (node !== undefined) return () => actions.toggleNode(node.name);
    switch (key) {
      case 's':
        return () => actions.killActive('statestore');
      case 'c':
        return () => actions.killActive('catalog');
      case 'f':
        return () => actions.toggleFreeze();
      case 'a':
        return () => actions.toggleApi();
      case 'o':
        return () => actions.toggleOperator();
      default:
        return undefined;
    }
  }
}
