import type { KubernetesObject } from '../kube/kubernetes-object.ts';
import { fieldsOwnedBy, otherOwnersOf, ownersAfterApply, type FieldManager, type FieldOwner } from './field-owner.ts';
import { changesBetween, describePath, fieldsOf, mergeFields, withoutFields } from './field-set.ts';
import type { Fields } from './json.ts';
import type { KindRules } from './kind-rules.ts';
import { mergeSchemaOf } from './merge-schema.ts';
import type { Target } from './write-checks.ts';
import { badRequest, conflict, internalError } from './status-error.ts';
import type { StoredObject } from './versioned-store.ts';

/**
 * Server-side apply: what is stated lies over what is there; what the manager stated the last time, states no more and
 * shares with nobody is removed.
 * @throws StatusError 409 when it would change what another manager owns, unless forced
 */
export function applyFields(
  target: Target,
  stored: StoredObject | undefined,
  applied: KubernetesObject,
  { rules, manager, force }: { rules: KindRules; manager: FieldManager; force: boolean },
): { object: KubernetesObject; owners: readonly FieldOwner[] } {
  checkBody(rules, applied);
  const schema = rules.mergeSchema ?? mergeSchemaOf(target.resource.kind);
  const owners = stored?.owners ?? [];
  const live = (stored?.object ?? {}) as Fields;
  const stated = fieldsOf(writable(target, rules, applied), schema);
  const left = [...fieldsOwnedBy(owners, manager)].filter((field) => !stated.has(field));
  const unowned = new Set(left.filter((field) => otherOwnersOf(owners, manager, new Set([field])).length === 0));
  const merged = withoutFields(mergeFields(live, writable(target, rules, applied) as Fields, schema), unowned, schema);
  const object = merged as unknown as KubernetesObject;

  const changes = changesBetween(live, object, schema);
  const conflicts = otherOwnersOf(owners, manager, changes.set);
  if (conflicts.length > 0 && !force) {
    const causes = conflicts.flatMap(({ owner, fields }) =>
      fields.map((field) => ({ field: describePath(field), message: `conflict with "${owner.manager}"` })),
    );
    throw conflict(target, `Apply failed with ${causes.length} conflicts`, causes);
  }
  return { object, owners: ownersAfterApply(owners, manager, stated, changes) };
}

/** What the request may write of what it states. */
function writable({ subresource }: Target, rules: KindRules, applied: KubernetesObject): object {
  const { status, ...rest } = applied as KubernetesObject & { status?: unknown };
  if (subresource === 'status') return status === undefined ? {} : { status };
  return rules.hasStatus === true ? rest : applied;
}

function checkBody(rules: KindRules, applied: KubernetesObject): void {
  if (applied.apiVersion === undefined || applied.kind === undefined) {
    throw badRequest("Object 'Kind' is missing, or its apiVersion");
  }
  if ((applied.metadata.managedFields ?? []).length > 0) throw badRequest('metadata.managedFields must be nil');
  const undeclared = rules.undeclaredField?.(applied);
  if (undeclared !== undefined) {
    const message = `failed to create typed patch object: ${undeclared}: field not declared in schema`;
    throw internalError(message);
  }
}
