import { annotations } from '../../../src/api/names.ts';
import type { Lease } from '../../../src/kube/kubernetes-object.ts';
import { sliceTerm } from '../lease-store.ts';
import type { Pod, World, WorldOptions } from '../world.ts';

/** What matters by order alone, or not at all any more, measured against all that somebody has or may yet be shown. */
export class Ranks {
  readonly #options: WorldOptions;
  readonly #versions: number[] = [];
  readonly #terms: number[] = [];
  readonly #live: (string | undefined)[] = [];

  constructor(options: WorldOptions) {
    this.#options = options;
  }

  /** Where a resourceVersion stands among all; -1 when it is none of them. */
  version(text: string | undefined): number {
    return this.#versions.indexOf(Number(text));
  }

  /** Where a term stands among all, with a gap between two that do not follow each other; 0 stays 0. */
  term(term: number): number {
    if (term === 0) return 0;
    let rank = 1;
    for (let index = 1; index < this.#terms.length && this.#terms[index]! <= term; index++) {
      const before = this.#terms[index - 1]!;
      if (before > 0) rank += this.#terms[index]! - before > 1 ? 2 : 1;
    }
    return rank;
  }

  /** Whether a renewTime is in a Lease that anybody may yet be shown. */
  isLive(renewTime: string): boolean {
    return this.#live.includes(renewTime);
  }

  /** Looks at a world: all below is of that one until the next. */
  gather(world: World): void {
    const { lease, pods } = world;
    this.#versions.length = this.#terms.length = this.#live.length = 0;
    if (this.#options.faults.delete) this.#seenTerm(world.statusTerm);
    if (this.#options.slice) this.#seenTerm(sliceTerm(world.slice));
    if (lease) this.#shown(lease);
    if (world.copy) this.#shown(world.copy);
    for (const pod of pods) {
      if (!pod.exists) continue;
      const { call, shown, late, election } = pod;
      if (call?.kind === 'write' && call.outcome !== 'conflict')
        this.#shown(typeof call.outcome === 'object' ? call.outcome : call.body);
      if (call?.kind === 'read' && typeof call.shown === 'object') this.#shown(call.shown);
      if (typeof shown === 'object') this.#shown(shown);
      for (const body of late) this.#shown(body);
      if (election.observation?.lease) this.#known(election.observation.lease);
      const { standing } = election;
      this.#seenTerm(election.highestTerm);
      if (standing.kind !== 'challenger') this.#seenTerm(standing.claim.term);
      if (this.#options.maxOutage) this.#promised(pod);
      if (standing.kind === 'claiming') this.#version(standing.claim.base.resourceVersion);
      if (standing.kind !== 'reclaiming') continue;
      this.#version(standing.next.base.resourceVersion);
      this.#seenTerm(standing.next.term);
    }
    this.#versions.sort(ascending);
    this.#terms.sort(ascending);
  }

  #promised({ election: { standing, lastHeld }, round }: Pod): void {
    if (lastHeld) this.#version(lastHeld.resourceVersion);
    if (standing.kind === 'holder' || standing.kind === 'reclaiming') this.#version(standing.claim.shownIn);
    for (const record of round?.records ?? []) this.#version(record?.resourceVersion);
  }

  #seenTerm(term: number): void {
    if (!this.#terms.includes(term)) this.#terms.push(term);
  }

  #shown(lease: Lease): void {
    this.#known(lease);
    this.#live.push(lease.spec?.renewTime);
  }

  #known({ metadata, spec }: Lease): void {
    const released = metadata.annotations?.[annotations.released];
    this.#version(metadata.resourceVersion);
    this.#seenTerm(spec?.leaseTransitions ?? 0);
    if (released !== undefined) this.#seenTerm(Number(released));
  }

  #version(text: string | undefined): void {
    if (text === undefined) return;
    const version = Number(text);
    if (!this.#versions.includes(version)) this.#versions.push(version);
  }
}

const ascending = (one: number, other: number): number => one - other;
