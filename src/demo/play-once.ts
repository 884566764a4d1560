import type { Logger } from 'pino';
import { Actions } from './actions.ts';
import { DemoCluster } from './demo-cluster.ts';
import { Meter } from './meter.ts';
import { Story, StoryFailure } from './story.ts';

/**
 * Plays the story and prints it plainly.
 * @returns the exit code: 0 when everything came out right
 */
export async function playOnce(print: (line: string) => void, logger: Logger, signal: AbortSignal): Promise<number> {
  const begin = performance.now();
  const line = (text: string): void => {
    const elapsed = ((performance.now() - begin) / 1000).toFixed(1).padStart(5);
    print(`${elapsed} s  ${text}`);
  };
  const demo = await DemoCluster.start(logger);
  const meter = new Meter(demo);
  const actions = new Actions(demo);
  const narrator = {
    chapter: (title: string): void => line(`── ${title}`),
    say: (text: string): void => line(`   ${text}`),
  };
  try {
    meter.start();
    line('an in-memory cluster of three nodes, with the operator in it');
    line(`   export KUBECONFIG=${demo.kubeconfig}`);
    await demo.applyQuickstart();
    line('   applied examples/quickstart.yaml');
    const story = new Story({ demo, actions, meter, narrator, signal });
    await story.whole();
    line('   available: two pairs, two coordinators, two executors');
    await story.play();
    line(`all came out right: ${meter.handOvers.length} hand-overs, never two daemons of a pair at once`);
    return 0;
  } catch (error) {
    line(`FAILED: ${error instanceof StoryFailure ? error.message : ((error as Error).stack ?? String(error))}`);
    return 1;
  } finally {
    meter.stop();
    await demo.stop();
  }
}
