import type { NetworkNode } from '../impala/service-network.ts';

/** A machine of the embedded cluster. */
export class VirtualNode implements NetworkNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  up = true;
  /** Counts its boots. */
  boot = 1;
  readonly #prefix: string;
  #addresses = 1;

  /** @param index tells its addresses from those of other nodes */
  constructor(name: string, index: number, labels: Readonly<Record<string, string>> = {}) {
    this.name = name;
    this.labels = { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', ...labels };
    this.#prefix = `10.${1 + (index % 250)}`;
  }

  /** An address that no pod had before. */
  nextAddress(): string {
    const number = this.#addresses++;
    return `${this.#prefix}.${Math.floor(number / 250) % 250}.${1 + (number % 250)}`;
  }

  /** What its kubelet says of it. */
  status(now: Date): object {
    const time = now.toISOString().replace(/\.\d{3}Z$/, 'Z');
    const quantities = { cpu: '8', memory: '64Gi', pods: '500' };
    return {
      conditions: [
        { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: time, lastTransitionTime: time },
      ],
      addresses: [{ type: 'Hostname', address: this.name }],
      capacity: quantities,
      allocatable: quantities,
      nodeInfo: {
        bootID: `${this.name}-${this.boot}`,
        kubeletVersion: 'v1.36.0-embedded',
        operatingSystem: 'linux',
        architecture: 'virtual',
        osImage: 'none',
        kernelVersion: 'none',
        containerRuntimeVersion: 'none://1',
        machineID: this.name,
        systemUUID: this.name,
        kubeProxyVersion: '',
      },
    };
  }
}
