/** The lines that agent and guard exchange; guard.sh says what each means. Every line is words and ends with `;`. */

/** The last word of a line: one without it was cut off. */
const END = ';';

export type Preflight = 'pending' | 'passed' | 'failed';

/** An order to one run of a guard. `deadline` is on /proc/uptime, in hundredths of a second. */
export type Order =
  | { verb: 'start'; guard: string; sequence: number; term: number; claim: string; deadline: number; argument?: string }
  | { verb: 'extend'; guard: string; sequence: number; term: number; claim: string; deadline: number }
  | { verb: 'stop'; guard: string; sequence: number }
  | { verb: 'state?'; sequence: number };

export type Report =
  | { verb: 'hello'; guard: string }
  | { verb: 'terminating'; guard: string }
  | { verb: 'preflight'; guard: string; outcome: 'passed' | 'failed'; text: string }
  | { verb: 'running'; guard: string; sequence: number }
  | { verb: 'extended'; guard: string; sequence: number }
  | { verb: 'stopped'; guard: string; sequence: number; reason: string }
  | { verb: 'exited'; guard: string; startedBy: number; code: number }
  | {
      verb: 'state';
      guard: string;
      sequence: number;
      running: boolean;
      startedBy: number;
      claim: string;
      deadline: number;
      preflight: Preflight;
    };

/** @returns the line with its line feed */
export function encodeOrder(order: Order): string {
  return `${orderWords(order).join(' ')} ${END}\n`;
}

function orderWords(order: Order): (string | number)[] {
  switch (order.verb) {
    case 'start':
      return ['start', order.guard, order.sequence, order.term, order.claim, order.deadline, order.argument ?? '-'];
    case 'extend':
      return ['extend', order.guard, order.sequence, order.term, order.claim, order.deadline];
    case 'stop':
      return ['stop', order.guard, order.sequence];
    case 'state?':
      return ['state?', '*', order.sequence];
  }
}

/** @returns nothing for a line that is not a whole report */
export function decodeReport(line: string): Report | undefined {
  const words = line.trim().split(/\s+/);
  if (words.pop() !== END) return undefined;
  const [verb, guard, ...rest] = words;
  if (guard === undefined) return undefined;
  return verb === 'state' ? decodeState(guard, rest) : decodeSimple(verb, guard, rest);
}

function decodeSimple(verb: string | undefined, guard: string, rest: string[]): Report | undefined {
  const sequence = wholeNumber(rest[0]);
  const second = rest[1];
  switch (verb) {
    case 'hello':
    case 'terminating':
      return { verb, guard };
    case 'preflight':
      if (rest[0] !== 'passed' && rest[0] !== 'failed') return undefined;
      return { verb, guard, outcome: rest[0], text: decodeText(second) };
    case 'running':
    case 'extended':
      return sequence === undefined ? undefined : { verb, guard, sequence };
    case 'stopped':
      return sequence === undefined ? undefined : { verb, guard, sequence, reason: second ?? '' };
    case 'exited': {
      const code = wholeNumber(second);
      return sequence === undefined || code === undefined ? undefined : { verb, guard, startedBy: sequence, code };
    }
    default:
      return undefined;
  }
}

function decodeState(guard: string, rest: string[]): Report | undefined {
  const [sequence, startedBy, deadline] = [rest[0], rest[2], rest[5]].map(wholeNumber);
  const [what, claim, preflight] = [rest[1], rest[4], rest[6]];
  if (sequence === undefined || startedBy === undefined || deadline === undefined || claim === undefined)
    return undefined;
  if (what !== 'running' && what !== 'idle') return undefined;
  if (preflight !== 'pending' && preflight !== 'passed' && preflight !== 'failed') return undefined;
  return { verb: 'state', guard, sequence, running: what === 'running', startedBy, claim, deadline, preflight };
}

const wholeNumber = (word: string | undefined): number | undefined =>
  word !== undefined && /^\d{1,15}$/.test(word) ? Number(word) : undefined;

const decodeText = (word: string | undefined): string =>
  word === undefined || word === '-' ? '' : Buffer.from(word, 'base64').toString('utf8').trim();
