import { Command, InvalidArgumentError } from 'commander';
import { COMPONENTS, MEMBERS, PAIR_COMPONENTS } from '../api/names.ts';
import type { CommandEnvironment } from './command-environment.ts';
import { parseComponent, parseMember, parsePair } from './find.ts';
import { forceTakeover } from './force-takeover.ts';
import { restart } from './restart.ts';
import { status } from './status.ts';
import { switchover } from './switchover.ts';

/** Which cluster the commands talk to, as kubectl has it. */
export interface ConnectionOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
}

/** @throws Error when there is nothing to connect to */
export type Connect = (options: ConnectionOptions) => Promise<CommandEnvironment>;

const DEFAULT_PATIENCE_SECONDS = 120;
const PAIRS = PAIR_COMPONENTS.join(' or ');

/** All commands of the plugin. They throw CommandError and KubernetesApiError. */
export function newProgram(connect: Connect): Command {
  const program = new Command('kubectl impala')
    .description("Looks at Impala clusters and moves their active members; see also 'kubectl get impala'.")
    .helpCommand(false)
    .showHelpAfterError('(--help lists what there is)');

  const command = (words: string, description: string): Command =>
    program
      .command(words)
      .description(description)
      .option('-n, --namespace <namespace>', "the cluster's namespace")
      .option('--context <context>', 'the context of the kubeconfig')
      .option('--kubeconfig <file>', 'the kubeconfig');

  command('status <cluster>', 'how a cluster is: who is active, who could take over, what is wrong').action(
    async (cluster: string, options: ConnectionOptions) => status(await connect(options), { cluster }),
  );

  waiting(command('switchover <cluster> <component> [member]', `moves the active of ${PAIRS} to the other member`))
    .addHelpText('after', `\nA member is ${MEMBERS.join(' or ')}. It has to be ready; the active hands over once.`)
    .action(async (cluster: string, component: string, member: string | undefined, options: WaitingOptions) => {
      const wanted = member === undefined ? undefined : parseMember(member);
      const request = { cluster, component: parsePair(component), member: wanted, patience: options.wait * 1000 };
      await switchover(await connect(options), request);
    });

  waiting(command('force-takeover <cluster> <component>', `says that the active of ${PAIRS} is dead, if you know it`))
    .option('-y, --yes', 'do not ask', false)
    .action(async (cluster: string, component: string, options: WaitingOptions & { yes: boolean }) => {
      const request = { cluster, component: parsePair(component), yes: options.yes, patience: options.wait * 1000 };
      await forceTakeover(await connect(options), request);
    });

  command('restart <cluster> [component]', 'makes the pods of a cluster, or of a component, anew, one after the other')
    .addHelpText('after', `\nA component is ${COMPONENTS.join(', ')}.`)
    .action(async (cluster: string, component: string | undefined, options: ConnectionOptions) => {
      const only = component === undefined ? undefined : parseComponent(component);
      await restart(await connect(options), { cluster, component: only });
    });

  return program;
}

interface WaitingOptions extends ConnectionOptions {
  /** How long to wait for the outcome, in seconds. */
  readonly wait: number;
}

const waiting = (command: Command): Command =>
  command.option(
    '--wait <seconds>',
    'how long to wait for the outcome; 0 does not wait',
    parseSeconds,
    DEFAULT_PATIENCE_SECONDS,
  );

function parseSeconds(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('write a number of seconds.');
  return Number(text);
}
