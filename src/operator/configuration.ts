const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** How one environment variable is read. */
interface Variable<T> {
  readonly name: string;
  /** @throws Error that says what to write */
  readonly parse: (text: string) => T;
  /** What counts when the variable is not set or empty; without it the variable is required. */
  readonly otherwise?: T;
}

/** All settings of the operator's process. */
const VARIABLES = {
  /** The operator's own image, which the agents of new pods get. */
  operatorImage: { name: 'OPERATOR_IMAGE', parse: text },
  /** Where the operator runs: the namespace of its own Lease. */
  operatorNamespace: { name: 'OPERATOR_NAMESPACE', parse: text },
  /** Who this replica is, in its Lease and in events. */
  podName: { name: 'POD_NAME', parse: text },
  /** The only namespace whose clusters it looks after; all when it is empty. */
  watchNamespace: { name: 'WATCH_NAMESPACE', parse: text, otherwise: '' },
  logLevel: { name: 'LOG_LEVEL', parse: logLevel, otherwise: 'info' },
  /** Where /healthz, /readyz and /metrics are served. */
  port: { name: 'PORT', parse: port, otherwise: 8080 },
} as const satisfies { [name: string]: Variable<string> | Variable<LogLevel> | Variable<number> };

export interface OperatorConfiguration {
  readonly operatorImage: string;
  readonly operatorNamespace: string;
  readonly podName: string;
  readonly watchNamespace: string;
  readonly logLevel: LogLevel;
  readonly port: number;
}

export type ParsedConfiguration =
  | { readonly kind: 'valid'; readonly configuration: OperatorConfiguration }
  /** Each problem names its variable. */
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/** Reads the configuration from environment variables, and finds all that is wrong with it at once. */
export function parseConfiguration(environment: Readonly<Record<string, string | undefined>>): ParsedConfiguration {
  const problems: string[] = [];
  const read = <T>({ name, parse, otherwise }: Variable<T>): T | undefined => {
    const value = environment[name] ?? '';
    if (value === '' && otherwise !== undefined) return otherwise;
    try {
      if (value === '') throw new Error('is required');
      return parse(value);
    } catch (error) {
      problems.push(`${name} ${(error as Error).message}`);
      return undefined;
    }
  };
  const configuration = {
    operatorImage: read<string>(VARIABLES.operatorImage),
    operatorNamespace: read<string>(VARIABLES.operatorNamespace),
    podName: read<string>(VARIABLES.podName),
    watchNamespace: read<string>(VARIABLES.watchNamespace),
    logLevel: read<LogLevel>(VARIABLES.logLevel),
    port: read<number>(VARIABLES.port),
  };
  if (problems.length > 0) return { kind: 'invalid', problems };
  return { kind: 'valid', configuration: configuration as OperatorConfiguration };
}

function text(value: string): string {
  return value;
}

function logLevel(value: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === value);
  if (level === undefined) throw new Error(`is ${value}: write one of ${LOG_LEVELS.join(', ')}`);
  return level;
}

function port(value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < 1 || number > 65_535) throw new Error(`is ${value}: write a port, 1 to 65535`);
  return number;
}
