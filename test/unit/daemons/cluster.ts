import { withDefaults } from '../../../src/api/defaults.ts';
import type { ImpalaCluster } from '../../../src/api/impala-cluster.ts';
import { daemonsOf } from '../../../src/daemons/daemons.ts';
import type { Daemons } from '../../../src/daemons/daemons.ts';

/** A cluster `sales` in the namespace `shop`. */
export const clusterWith = (spec: object = {}): ImpalaCluster =>
  withDefaults({ metadata: { name: 'sales', namespace: 'shop' }, spec });

export function validDaemons(spec: object = {}): Daemons {
  const result = daemonsOf(clusterWith(spec));
  if (result.kind === 'invalid') throw new Error(result.problems.map(({ message }) => message).join('\n'));
  return result.daemons;
}

/** Flags by name, from arguments; of two the last counts. */
export const flagsOf = (args: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    args
      .filter((argument) => argument.startsWith('-'))
      .map((argument) => {
        const [name = '', ...value] = argument.replace(/^--?/, '').split('=');
        return [name, value.join('=')];
      }),
  );
