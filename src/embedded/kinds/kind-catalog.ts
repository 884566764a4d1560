import type { KubernetesObject } from '../../kube/kubernetes-object.ts';
import type { Resource } from '../../kube/resource.ts';
import { builtInRulesOf, type KindRules } from '../kind-rules.ts';
import { BUILT_IN_KINDS, customResourceDefinitions } from './builtin-kinds.ts';
import { customKind } from './custom-kind.ts';
import type { ServedKind } from './served-kind.ts';

const keyOf = ({ apiVersion, plural }: Pick<Resource, 'apiVersion' | 'plural'>): string => `${apiVersion}/${plural}`;

/** All kinds that a server serves: the built-in ones, and those of the CustomResourceDefinitions in it. */
export class KindCatalog {
  readonly #builtIn = new Map(BUILT_IN_KINDS.map((kind) => [keyOf(kind.resource), kind]));
  readonly #custom = new Map<string, ServedKind>();
  /** The kind that each definition has made, to be taken back with it. */
  readonly #madeBy = new Map<string, string>();

  /**
   * What the server does with a kind's objects. One that nobody has defined is taken for a custom resource without a
   * schema: tests need no definitions.
   */
  rulesOf(resource: Resource): KindRules {
    return this.#custom.get(keyOf(resource))?.rules ?? builtInRulesOf(resource);
  }

  find(apiVersion: string, plural: string): ServedKind | undefined {
    const key = keyOf({ apiVersion, plural });
    return this.#custom.get(key) ?? this.#builtIn.get(key);
  }

  all(): ServedKind[] {
    return [...this.#builtIn.values(), ...this.#custom.values()];
  }

  /** Told of every write: definitions among them are served from then on, or no longer. */
  observe({ type, resource, object }: { type: string; resource: Resource; object: KubernetesObject }): void {
    if (keyOf(resource) !== keyOf(customResourceDefinitions)) return;
    const { name } = object.metadata;
    const before = this.#madeBy.get(name);
    if (before !== undefined) this.#custom.delete(before);
    this.#madeBy.delete(name);
    if (type === 'DELETED') return;
    const kind = customKind(object);
    if (kind === undefined) return;
    this.#custom.set(keyOf(kind.resource), kind);
    this.#madeBy.set(name, keyOf(kind.resource));
  }
}
