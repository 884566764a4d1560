// A highly available Impala in one process: npm run demo [-- --once]
import { pino } from 'pino';
import { playOnce } from './play-once.ts';

const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());

const logger = pino({ level: process.env.LOG_LEVEL ?? 'silent' });
const code = await playOnce((line) => console.log(line), logger, ending.signal);
process.exit(code);
