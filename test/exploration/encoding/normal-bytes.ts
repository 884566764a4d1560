import { TICK, type World, type WorldOptions } from '../world.ts';
import { Ranks } from './ranks.ts';

/** One buffer, over and over, and how single values are written to it, so that what no rule tells apart is equal. */
export class NormalBytes {
  readonly bytes = new Uint8Array(4096);
  length = 0;
  /** Whether a rule is, which may look at the pod's name in an identity, or the claim of a daemon that is dead. */
  readonly broken: boolean;
  readonly ranks: Ranks;
  readonly #options: WorldOptions;
  readonly #identities: string[] = [];
  readonly #renewTimes: string[] = [];
  readonly #uids: string[] = [];

  constructor(options: WorldOptions, broken: boolean) {
    this.#options = options;
    this.broken = broken;
    this.ranks = new Ranks(options);
  }

  begin(world: World): void {
    this.length = 0;
    this.#identities.length = this.#renewTimes.length = this.#uids.length = 0;
    this.ranks.gather(world);
  }

  byte(value: number): void {
    this.bytes[this.length++] = value;
  }

  /** A resourceVersion. */
  version(text: string | undefined): void {
    this.byte(this.ranks.version(text));
  }

  term(term: number): void {
    this.byte(this.ranks.term(term));
  }

  uid(uid: string | undefined): void {
    this.#named(this.#uids, uid);
  }

  /** In which place an identity was met that was written before; 255 when it was not. */
  placeOf(identity: string): number {
    return this.#identities.indexOf(identity) & 255;
  }

  #named(names: string[], name: string | undefined): void {
    if (name === undefined || name === '' || name === '-') {
      this.byte(0);
      return;
    }
    let index = names.indexOf(name);
    if (index < 0) index = names.push(name) - 1;
    this.byte(index + 1);
  }

  /** An identity names its pod, too: what a broken rule may look at. */
  identity(identity: string | undefined): void {
    const before = this.#identities.length;
    this.#named(this.#identities, identity);
    if (!this.broken || this.#identities.length === before || identity === undefined) return;
    this.byte(identity.charCodeAt(0));
    this.byte(identity.charCodeAt(4));
  }

  /** By equality alone, as long as wall clocks move. */
  renewTime(renewTime: string | undefined): void {
    if (this.#options.stuckWallClocks) this.byte(Number(renewTime?.slice(20, 26) ?? 255));
    else this.#named(this.#renewTimes, renewTime);
  }

  /** In ticks from now, cut off at least and most. */
  time(at: number, now: number, least: number, most: number): void {
    this.byte(Math.min(Math.max(Math.ceil((at - now) / TICK), least), most) + 128);
  }
}
