import { AGENT_CONTAINER } from '../../api/names.ts';
import { GUARD_SCRIPT } from '../../daemons/agent-configuration.ts';
import { flagValue } from '../impala/flags.ts';
import { startAgent } from './agent-program.ts';
import { startGuard } from './guard-program.ts';
import { startImpalad } from './impalad-program.ts';
import { startOperator } from './operator-program.ts';
import type { Program, ProgramContext } from './program.ts';

/** What a container runs: the product's own programs, models of Impala's daemons, and for all else one that does nothing. */
export function startProgram(context: ProgramContext): Program {
  const { container, environment } = context;
  if (container.name === AGENT_CONTAINER) return startAgent(context);
  if (container.command?.includes(GUARD_SCRIPT) === true) return startGuard(context);
  if (flagValue(container.args ?? [], 'state_store_host') !== undefined) return startImpalad(context);
  if (container.name === 'operator' && environment.OPERATOR_IMAGE !== undefined) return startOperator(context);
  return idle(context);
}

function idle({ exited }: ProgramContext): Program {
  let alive = true;
  const end = (code: number): void => {
    if (alive) exited(code);
    alive = false;
  };
  return {
    get started() {
      return alive;
    },
    get ready() {
      return alive;
    },
    terminate: () => end(143),
    kill: () => end(137),
    stop: () => undefined,
    proceed: () => undefined,
  };
}
