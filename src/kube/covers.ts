import { isDeepStrictEqual } from 'node:util';

type Fields = Readonly<Record<string, unknown>>;

/** What makes an element of a list the same element on both sides; nothing when it lacks the field. */
type Identity = (element: Fields) => string | undefined;

const byField =
  (...fields: readonly string[]): Identity =>
  (element) =>
    fields.every((field) => element[field] !== undefined)
      ? JSON.stringify(fields.map((field) => element[field]))
      : undefined;

const byPort =
  (field: 'containerPort' | 'port'): Identity =>
  (element) =>
    element[field] === undefined ? undefined : JSON.stringify([element[field], element.protocol ?? 'TCP']);

/**
 * The lists to which others may add elements of their own, by the name of their field, as server-side apply merges them
 * (`x-kubernetes-list-map-keys` in the API server's schema). Every other list belongs as a whole to who applies it.
 */
const KEYED_LISTS: Readonly<Record<string, Identity>> = {
  containers: byField('name'),
  initContainers: byField('name'),
  env: byField('name'),
  volumes: byField('name'),
  volumeMounts: byField('mountPath'),
  imagePullSecrets: byField('name'),
  topologySpreadConstraints: byField('topologyKey', 'whenUnsatisfiable'),
  ownerReferences: byField('uid'),
  conditions: byField('type'),
};

/** Objects that belong as a whole to who applies them (`x-kubernetes-map-type: atomic`). */
const ATOMIC_OBJECTS = new Set([
  'selector',
  'nodeSelector',
  'labelSelector',
  'namespaceSelector',
  'podSelector',
  'matchLabels',
  'configMapKeyRef',
  'secretKeyRef',
]);

/**
 * Whether every field that the desired object states stands in the live one with the same value, so that applying it
 * would repair nothing. Where it is in doubt it says no: a needless apply writes nothing, a missed one repairs nothing.
 *
 * It cannot see a field that an earlier desired object stated and this one does not; so the desired object has to carry
 * a hash of itself as an annotation, whose change makes the difference.
 *
 * - Objects: the live one may have more fields (defaults, status, what others own), unless they are atomic.
 * - Lists that merge by a key: the live one may have more elements; those desired stand in the desired order.
 * - All other lists: exactly the same. A server default inside one has to be stated, or there is an apply each time.
 * - `undefined` states nothing; `null` states that the field is absent.
 */
export function covers(live: object, desired: object): boolean {
  const ports = portIdentity(desired as Fields);
  const identityOf = (field: string): Identity | undefined => (field === 'ports' ? ports : KEYED_LISTS[field]);
  return coversObject(live as Fields, desired as Fields, identityOf);
}

type IdentityOf = (field: string) => Identity | undefined;

/** `ports` is atomic in some kinds, as in EndpointSlice and NetworkPolicy, and merges by another key in others. */
function portIdentity(desired: Fields): Identity | undefined {
  switch (desired.kind) {
    case 'Service':
      return byPort('port');
    case 'Pod':
    case 'StatefulSet':
    case 'Deployment':
      return byPort('containerPort');
    default:
      return undefined;
  }
}

function coversObject(live: Fields, desired: Fields, identityOf: IdentityOf): boolean {
  return Object.keys(desired).every((field) => coversField(field, live[field], desired[field], identityOf));
}

function coversField(field: string, live: unknown, desired: unknown, identityOf: IdentityOf): boolean {
  if (desired === undefined) return true;
  if (desired === null) return live === undefined || live === null;
  if (Array.isArray(desired)) {
    const identity = identityOf(field);
    if (!Array.isArray(live)) return false;
    return identity === undefined ? same(live, desired) : coversKeyedList(live, desired, identity, identityOf);
  }
  if (!isFields(desired)) return live === desired;
  if (!isFields(live)) return false;
  return ATOMIC_OBJECTS.has(field) ? same(live, desired) : coversObject(live, desired, identityOf);
}

function coversKeyedList(
  live: readonly unknown[],
  desired: readonly unknown[],
  identity: Identity,
  identityOf: IdentityOf,
): boolean {
  let next = 0;
  return desired.every((element) => {
    const key = isFields(element) ? identity(element) : undefined;
    if (key === undefined || !isFields(element)) return false;
    const found = live.findIndex(
      (candidate, index) => index >= next && isFields(candidate) && identity(candidate) === key,
    );
    if (found === -1) return false;
    next = found + 1;
    return coversObject(live[found] as Fields, element, identityOf);
  });
}

/** Equal in every field, of which those that are `undefined` do not exist (they are not sent). */
function same(live: unknown, desired: unknown): boolean {
  return isDeepStrictEqual(live, JSON.parse(JSON.stringify(desired)));
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
