// A highly available Impala in one process, on any machine: npm run demo [-- --once]
import { pino } from 'pino';
import { playLive } from './live.ts';
import { playOnce } from './play-once.ts';

const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => ending.abort());

// LOG_LEVEL=info shows what operator and agents log, as JSON lines: for --once.
const logger = pino({ level: process.env.LOG_LEVEL ?? 'silent' });
const { stdin, stdout } = process;
const live = stdin.isTTY && stdout.isTTY && !process.argv.includes('--once');
const code = live
  ? await playLive({ input: stdin, output: stdout }, logger, ending.signal)
  : await playOnce((line) => console.log(line), logger, ending.signal);
// Nothing is left to wait for but idle timers of virtual programs.
process.exit(code);
