import { Operator } from '../../operator/operator.ts';
import { parseConfiguration } from '../../operator/configuration.ts';
import { ProcessApi } from '../node/process-api.ts';
import { VirtualProcess } from '../node/virtual-process.ts';
import type { Program, ProgramContext } from './program.ts';

/** The operator: the product's own, in the surroundings that src/operator/main.ts gives it. */
export function startOperator(context: ProgramContext): Program {
  const { surroundings, environment } = context;
  const parsed = parseConfiguration(environment);
  if (parsed.kind === 'invalid') throw new Error(parsed.problems.join('; '));
  const { configuration } = parsed;
  const process = new VirtualProcess(surroundings.clock);
  const connection = surroundings.connect('impala-operator');
  const operator = new Operator({
    configuration,
    api: new ProcessApi(process, connection),
    clock: process.clock,
    random: surroundings.random,
    logger: surroundings.logger.child({ name: 'operator', pod: configuration.podName }),
  });
  const stopping = new AbortController();
  const end = (code: number): void => {
    if (!process.alive) return;
    process.kill();
    stopping.abort();
    connection.close?.();
    context.exited(code);
  };
  void operator.run(stopping.signal).then(() => end(0));
  return {
    get started() {
      return process.running;
    },
    get ready() {
      return process.running && operator.ready;
    },
    terminate: () => process.deliver(0, () => stopping.abort()),
    kill: () => end(137),
    stop: () => process.stop(),
    proceed: () => process.proceed(),
  };
}
