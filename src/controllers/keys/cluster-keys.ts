import { names } from '../../api/names.ts';
import type { PairComponent } from '../../api/names.ts';
import { keyName } from '../../daemons/agent-configuration.ts';
import type { Clock, Milliseconds } from '../../kube/clock.ts';
import { KubernetesApiError } from '../../kube/kubernetes-api.ts';
import type { KubernetesApi } from '../../kube/kubernetes-api.ts';
import { secrets } from '../../kube/resource.ts';
import { getIfExists } from '../../kube/get-if-exists.ts';
import type { ClusterIdentity } from '../build/metadata.ts';
import { objectForeign, ownershipOf } from '../ownership.ts';
import type { Problem } from '../problem.ts';
import { readKeyPair } from './certificate.ts';
import type { KeyPair } from './certificate.ts';
import { issueCertificate, makeAuthority } from './issue-certificate.ts';
import { keysSecret, storedKeys, textOf } from './keys-secret.ts';
import type { Secret } from '../kubernetes-types.ts';
import type { SecretPlace } from './keys-secret.ts';
import { decideAuthority, decideKeys, SETTLING } from './renewal.ts';

/**
 * How often the Secrets of a cluster are looked at, at most. They are read by name, one by one: a watch of them would
 * need the right to read all Secrets there are.
 */
const LOOK: Milliseconds = 60_000;
/** The longest wait that is asked for; timers take no more than 24 days. */
const LONGEST: Milliseconds = 24 * 3_600_000;

/** What came of a look at a cluster's keys. */
export interface KeysReport {
  /** What was written and why, as in `Secret sales-catalog: it has expired`. */
  readonly made: readonly string[];
  readonly problems: readonly Problem[];
  /** Secrets of a deleted cluster of the same name that must be gone first. */
  readonly awaited: readonly string[];
  /** The pairs whose Secret is not theirs: their pods must not be made to mount it. */
  readonly blocked: readonly PairComponent[];
  /** When to look again. */
  readonly again: Milliseconds;
}

type Tended =
  | { readonly kind: 'kept'; readonly until: Milliseconds }
  | { readonly kind: 'written'; readonly what: string }
  | { readonly kind: 'awaited'; readonly object: string }
  | { readonly kind: 'refused'; readonly problem: Problem };

interface Look {
  /** Of which cluster of the name, and which of its pairs. */
  readonly of: string;
  readonly at: Milliseconds;
  /** When the next renewal is. */
  readonly due: Milliseconds;
}

/**
 * Keeps the keys by which the agents of a pair know each other: an authority for each cluster and a certificate for each
 * pair, in Secrets. What is in them goes nowhere else: neither into logs and messages nor into the caches of the watches.
 */
export class ClusterKeys {
  readonly #api: KubernetesApi;
  readonly #clock: Clock;
  /** The clusters that were looked at and found in order. */
  readonly #looks = new Map<string, Look>();

  constructor(api: KubernetesApi, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
  }

  /**
   * Makes or renews what has to be. Writes nothing, and for a while reads nothing either, when all is in order.
   * @throws KubernetesApiError when the API cannot be reached, or somebody else has written meanwhile
   */
  async tend(cluster: ClusterIdentity, components: readonly PairComponent[]): Promise<KeysReport> {
    const now = this.#clock.now();
    const key = keyOf(cluster.namespace, cluster.name);
    const of = `${cluster.uid} ${components.join(' ')}`;
    const last = this.#looks.get(key);
    const nothing = { made: [], problems: [], awaited: [], blocked: [] };
    if (components.length === 0) return { ...nothing, again: LONGEST };
    if (last?.of === of && now < Math.min(last.at + LOOK, last.due)) return { ...nothing, again: last.due - now };

    const { tended, authority } = await this.#authority(cluster);
    const outcomes = new Map<PairComponent, Tended>();
    for (const component of components) {
      outcomes.set(component, authority === undefined ? tended : await this.#pair(cluster, component, authority));
    }
    const all = [...new Set([tended, ...outcomes.values()])];
    const problems = all.flatMap((one) => (one.kind === 'refused' ? [one.problem] : []));
    const awaited = all.flatMap((one) => (one.kind === 'awaited' ? [one.object] : []));
    const blocked = components.filter((component) => !isThere(outcomes.get(component)));
    const wallClock = this.#clock.date().getTime();
    const untils = all.flatMap((one) => (one.kind === 'kept' ? [one.until - wallClock] : [SETTLING]));
    const again = Math.max(1_000, Math.min(LONGEST, ...untils));
    if (problems.length + awaited.length === 0) this.#looks.set(key, { of, at: now, due: now + again });
    const made = all.flatMap((one) => (one.kind === 'written' ? [one.what] : []));
    return { made, problems, awaited, blocked, again };
  }

  async #authority(cluster: ClusterIdentity): Promise<{ tended: Tended; authority?: KeyPair }> {
    const name = names.certificateAuthority(cluster.name);
    const live = await this.#read(cluster, name);
    if (live.kind === 'hindered') return { tended: live.tended };
    const now = this.#clock.date().getTime();
    const stored = readKeyPair(textOf(live.secret, 'tls.crt'), textOf(live.secret, 'tls.key'));
    const decision = decideAuthority(stored, now);
    if (decision.kind === 'keep') {
      return { tended: { kind: 'kept', until: decision.until }, authority: decision.authority };
    }
    const authority = await makeAuthority(now);
    const texts = { 'tls.crt': authority.certificate.pem, 'tls.key': authority.privateKey };
    const tended = await this.#write({ cluster, name, live: live.secret, because: decision.because }, texts);
    return tended.kind === 'written' ? { tended, authority } : { tended };
  }

  async #pair(cluster: ClusterIdentity, component: PairComponent, authority: KeyPair): Promise<Tended> {
    const name = names.pair(cluster.name, component);
    const live = await this.#read(cluster, name, component);
    if (live.kind === 'hindered') return live.tended;
    const { secret } = live;
    const now = this.#clock.date().getTime();
    const madeOutTo = keyName(name, cluster.namespace);
    const decision = decideKeys(storedKeys(secret), authority.certificate, madeOutTo, now);
    if (decision.kind === 'keep') return { kind: 'kept', until: decision.until };
    const keys = decision.kind === 'trust' ? decision.keys : await issueCertificate(authority, madeOutTo, now);
    const texts = {
      'ca.crt': decision.trust.map(({ pem }) => pem).join(''),
      'tls.crt': keys.certificate.pem,
      'tls.key': keys.privateKey,
    };
    return this.#write({ cluster, name, live: secret, component, because: decision.because }, texts);
  }

  async #read(
    cluster: ClusterIdentity,
    name: string,
    component?: PairComponent,
  ): Promise<{ kind: 'read'; secret: Secret | undefined } | { kind: 'hindered'; tended: Tended }> {
    try {
      const secret = await getIfExists<Secret>(this.#api, { resource: secrets, namespace: cluster.namespace, name });
      const ownership = secret && ownershipOf(secret, cluster);
      if (ownership === 'foreign')
        return { kind: 'hindered', tended: refused(objectForeign(`Secret ${name}`), component) };
      const leaving = ownership === 'predecessor' || secret?.metadata.deletionTimestamp !== undefined;
      if (leaving) return { kind: 'hindered', tended: { kind: 'awaited', object: `Secret ${name}` } };
      return { kind: 'read', secret };
    } catch (error) {
      return { kind: 'hindered', tended: refusal(error, component) };
    }
  }

  /** A POST, or a PUT of what was read: of two that make an authority at once, one fails. */
  async #write(
    { because, ...place }: SecretPlace & { readonly because: string },
    texts: Record<string, string>,
  ): Promise<Tended> {
    const { cluster, name, live, component } = place;
    const secret = keysSecret(place, texts, this.#clock.date());
    const { namespace } = cluster;
    try {
      if (live === undefined) await this.#api.create({ resource: secrets, namespace }, secret);
      else await this.#api.replace({ resource: secrets, namespace, name }, secret);
      return { kind: 'written', what: `Secret ${name}: ${because}` };
    } catch (error) {
      return refusal(error, component);
    }
  }

  /** Forgets a cluster that has gone. */
  forget(namespace: string, cluster: string): void {
    this.#looks.delete(keyOf(namespace, cluster));
  }
}

const keyOf = (namespace: string, cluster: string): string => `${namespace}/${cluster}`;

const isThere = (tended: Tended | undefined): boolean => tended?.kind === 'kept' || tended?.kind === 'written';

const refused = (problem: Omit<Problem, 'component'>, component: PairComponent | undefined): Tended => ({
  kind: 'refused',
  problem: { ...problem, ...(component && { component }) },
});

/** What somebody has to change. @throws the error, when it is any other */
function refusal(error: unknown, component: PairComponent | undefined): Tended {
  if (!(error instanceof KubernetesApiError) || error.reason !== 'Forbidden') throw error;
  return refused({ reason: 'Forbidden', message: error.message }, component);
}
