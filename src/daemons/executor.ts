import type { DaemonContext } from './daemon-context.ts';
import type { ImpaladDaemon } from './daemon.ts';
import { impalad } from './impalad.ts';

/** A daemon that runs queries. */
export function executor(context: DaemonContext): ImpaladDaemon {
  const { flags: _flags, ...daemon } = impalad(context, 'executor', {});
  return { ...daemon, servicePorts: [] };
}
