import { readFileSync, readdirSync } from 'node:fs';
import type { Pod } from '../observer/protocol.ts';

/** A container's process, as this machine sees it. */
export interface HostProcess {
  readonly pid: number;
  /** Its number inside the container; 1 is the container's first process. */
  readonly containerPid: number;
  readonly command: string;
  readonly residentMiB: number;
}

/** The processes of a pod's container. To be asked before a fault, so that the fault itself asks nobody. */
export function processesOf(pod: Pod, container: string): HostProcess[] {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status;
  const status = [...containerStatuses, ...initContainerStatuses].find(({ name }) => name === container);
  const id = status?.containerID?.replace(/^.*:\/\//, '');
  if (id === undefined) throw new Error(`${pod.metadata.name} has no running container ${container}`);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(id)) return [];
        const status = readFileSync(`/proc/${pid}/status`, 'utf8');
        const field = (name: string): string => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1] ?? '';
        return [
          {
            pid: Number(pid),
            containerPid: Number(field('NSpid').split(/\s+/).at(-1)),
            command: field('Name'),
            residentMiB: Number.parseInt(field('VmRSS') || '0') / 1024,
          },
        ];
      } catch {
        return []; // it ended meanwhile
      }
    });
}

/** The first process of a container: the guard in a daemon's container, the agent in its own. */
export function firstProcessOf(pod: Pod, container: string): HostProcess {
  const first = processesOf(pod, container).find(({ containerPid }) => containerPid === 1);
  if (first === undefined) throw new Error(`no first process in ${container} of ${pod.metadata.name}`);
  return first;
}

/** How many TCP connections a pod's process has to a port. */
export function connectionsTo(process: HostProcess, port: number): number {
  const remote = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const ESTABLISHED = '01';
  return readFileSync(`/proc/${process.pid}/net/tcp`, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[2]?.endsWith(remote) && fields[3] === ESTABLISHED).length;
}
