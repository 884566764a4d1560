import { annotations, MEMBERS } from '../../../src/api/names.ts';
import type { Gone } from '../../../src/daemons/lease-notes.ts';
import type { SeenRecord } from '../../../src/kube/election/outage.ts';
import type { Roster } from '../../../src/kube/election/roster.ts';
import type { EndpointSlice, Lease } from '../../../src/kube/kubernetes-object.ts';
import type { WorldOptions } from '../world.ts';
import type { NormalBytes } from './normal-bytes.ts';

/** A member's sign-ins are few: its uid, and whether it is ready. */
const SIGN_IN_NAMES = MEMBERS.map((member) => annotations.signIn(member));
const SIGN_INS = new Map<string, number>();

/** Writes what is in the API server, or was: Leases, slices, records of a promise. */
export class ObjectEncoder {
  readonly #out: NormalBytes;
  readonly #options: WorldOptions;

  constructor(out: NormalBytes, options: WorldOptions) {
    this.#out = out;
    this.#options = options;
  }

  lease(lease: Lease | undefined): void {
    if (lease === undefined) {
      this.#out.byte(255);
      return;
    }
    const { metadata, spec } = lease;
    const released = metadata.annotations?.[annotations.released];
    this.#out.uid(metadata.uid);
    this.#out.version(metadata.resourceVersion);
    this.#out.identity(spec?.holderIdentity);
    this.#out.renewTime(spec?.renewTime);
    this.#out.byte(spec?.leaseDurationSeconds ?? 0);
    this.#out.term(spec?.leaseTransitions ?? 0);
    if (released === undefined) this.#out.byte(255);
    else this.#out.term(Number(released));
    if (this.#options.maxOutage) this.#outageTerms(metadata.annotations);
    if (this.#options.signIns) for (const name of SIGN_IN_NAMES) this.#signIn(metadata.annotations?.[name]);
  }

  #outageTerms(said: Lease['metadata']['annotations'] = {}): void {
    this.#out.byte(maskOfText(said[annotations.roster]));
    this.#out.byte(Number(said[annotations.maxOutageSeconds] ?? 0));
    const gone = said[annotations.gone];
    this.#out.identity(gone === undefined ? undefined : (JSON.parse(gone) as Gone).claim);
  }

  #signIn(text: string | undefined): void {
    if (text === undefined) {
      this.#out.byte(0);
      return;
    }
    let code = SIGN_INS.get(text);
    if (code === undefined) SIGN_INS.set(text, (code = SIGN_INS.size + 1));
    this.#out.byte(code);
  }

  slice(slice: EndpointSlice): void {
    const { resourceVersion, annotations: held } = slice.metadata;
    this.#out.uid(`slice ${resourceVersion}`);
    this.#out.term(Number(held?.[annotations.term] ?? 0));
    this.#out.identity(held?.[annotations.claim]);
  }

  record({ leaseUid, resourceVersion, holder }: SeenRecord): void {
    this.#out.uid(leaseUid);
    this.#out.version(resourceVersion);
    this.#out.identity(holder);
  }
}

/** The members on a roster, a bit each. */
export const maskOf = (uids: readonly string[]): number => uids.reduce((mask, uid) => mask | (1 << Number(uid)), 0);

const MASKS = new Map<string, number>();

function maskOfText(roster: string | undefined): number {
  if (roster === undefined) return 0;
  let mask = MASKS.get(roster);
  if (mask === undefined) MASKS.set(roster, (mask = maskOf((JSON.parse(roster) as Roster).map(({ uid }) => uid)) | 1));
  return mask;
}
