import { setTimeout as pause } from 'node:timers/promises';
import type { ApiClient } from '../api-client.ts';
import { now } from '../clock.ts';
import type { Instant } from '../clock.ts';
import { podPage, webAddress } from '../pod-web.ts';
import type { WebAddress } from '../pod-web.ts';
import type { ImpaladState, Pod, Settings, Sighting } from './protocol.ts';

/**
 * Asks a starting daemon for its health until it is good.
 * @param running whether it is still there
 * @returns when it was, or undefined when it ended before
 */
export async function awaitHealthy(pod: Pod, running: () => boolean): Promise<Instant | undefined> {
  const address = webAddress(pod);
  while (address !== undefined && running()) {
    const asked = now();
    const answer = await podPage('direct', address, '/healthz', 1000).catch(() => undefined);
    if (answer?.status === 200) return now();
    await pause(Math.max(10, 50 - (now() - asked)));
  }
  return undefined;
}

/** Reads the page `/lite` of every impalad ten times a second and tells what has changed. */
export class ImpaladPoller {
  readonly #via: 'direct' | ApiClient;
  readonly #see: (sighting: Sighting) => void;
  readonly #followed = new Map<string, AbortController>();
  readonly #addresses = new Map<string, WebAddress | undefined>();

  constructor(settings: Settings, api: ApiClient, see: (sighting: Sighting) => void) {
    this.#via = settings.local ? 'direct' : api;
    this.#see = see;
  }

  /** Takes note of a pod that is new, has changed or is gone. */
  follow(pod: Pod, deleted: boolean): void {
    const { name, uid } = pod.metadata;
    if (!/-(coordinator|executor)-\d+$/.test(name)) return;
    this.#addresses.set(uid, webAddress(pod));
    if (deleted) {
      this.#followed.get(uid)?.abort();
      this.#followed.delete(uid);
      this.#addresses.delete(uid);
    } else if (!this.#followed.has(uid)) {
      const stop = new AbortController();
      this.#followed.set(uid, stop);
      void this.#poll(name, uid, stop.signal);
    }
  }

  async #poll(pod: string, podUid: string, stop: AbortSignal): Promise<void> {
    let last = 'nothing';
    while (!stop.aborted) {
      const asked: Instant = now();
      const address = this.#addresses.get(podUid);
      const state = address === undefined ? undefined : await this.#read(address);
      const text = JSON.stringify(state);
      if (text !== last && !stop.aborted) this.#see({ kind: 'impalad', at: now(), pod, podUid, state });
      last = text;
      await pause(Math.max(10, 100 - (now() - asked)));
    }
  }

  async #read(address: WebAddress): Promise<ImpaladState | undefined> {
    try {
      const { status, body } = await podPage(this.#via, address, '/lite', 1000);
      return status === 200 ? summary(JSON.parse(body) as LitePage) : undefined;
    } catch {
      return undefined;
    }
  }
}

/** The page `/lite`, as far as it is read here. */
interface LitePage {
  registered: boolean;
  recovery_mode: boolean;
  statestores: { registration_id: string; statestore_id: string }[];
  catalogd: string;
  catalog_service_id: string;
  catalog_ready: boolean;
  num_members: number;
}

const summary = (page: LitePage): ImpaladState => ({
  registered: page.registered,
  recoveryMode: page.recovery_mode,
  registrationId: page.statestores[0]?.registration_id ?? '',
  statestoreId: page.statestores[0]?.statestore_id ?? '',
  catalogd: page.catalogd,
  catalogServiceId: page.catalog_service_id,
  catalogReady: page.catalog_ready,
  members: page.num_members,
});
