// The operator's process for tools/bench.ts: as src/operator/main.ts runs it in a pod, but for a server without TLS.
import { pino } from 'pino';
import { systemClock } from '../src/kube/clock.ts';
import { RestClient } from '../src/kube/rest-client.ts';
import { parseConfiguration } from '../src/operator/configuration.ts';
import { Operator } from '../src/operator/operator.ts';

const parsed = parseConfiguration(process.env);
if (parsed.kind === 'invalid') throw new Error(parsed.problems.join('; '));
const { configuration } = parsed;
const operator = new Operator({
  configuration,
  api: new RestClient({ server: process.env.SERVER ?? '' }, { userAgent: 'impala-operator' }),
  clock: systemClock,
  random: Math.random,
  logger: pino({ name: 'operator', level: configuration.logLevel }),
});
// It ends with whoever started it.
process.stdin.resume();
process.stdin.on('end', () => process.exit());
await operator.run(new AbortController().signal);
