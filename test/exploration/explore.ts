/**
 * Searches the worlds further than the tests do: `npm run explore -- --states N [--world TEXT]`, N states of each world
 * (or of those whose name holds the text). Ends with 1 and a trace when an invariant is broken.
 */
import { parseArgs } from 'node:util';
import { explore } from './search.ts';
import { worlds } from './worlds.ts';

const { values } = parseArgs({ options: { states: { type: 'string' }, world: { type: 'string' } } });
const limit = Number(values.states ?? 2_000_000);
if (!Number.isSafeInteger(limit) || limit < 1) throw new Error('--states takes a whole number');

let total = 0;
for (const { world } of worlds.filter(({ world: { name } }) => name.includes(values.world ?? ''))) {
  const { states, moves, depth, exhausted, broken, met, seconds } = explore(world, limit);
  total += states;
  const end = exhausted ? 'exhausted' : 'not exhausted';
  const rate = Math.round(states / seconds);
  console.log(`${world.name}: ${states} states (${rate}/s), ${moves} moves, ${depth} deep, ${end}`);
  console.log(
    `    ${Object.entries(met)
      .map(([state, times]) => `${state} ${times}`)
      .join(' · ')}`,
  );
  if (broken === undefined) continue;
  console.log(broken.text);
  process.exitCode = 1;
}
console.log(`${total} states in all`);
