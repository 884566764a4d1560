import type { FieldChanges } from './field-set.ts';

/** A field of an object as a text: the names on the way to it; elements of keyed lists by their keys. */
export type FieldPath = string;

/** Who writes, and how: each has fields of its own. */
export interface FieldManager {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly subresource: 'status' | undefined;
}

/** Which fields a manager owns: those it changed last (Update), or those that its last apply stated (Apply). */
export interface FieldOwner extends FieldManager {
  readonly fields: ReadonlySet<FieldPath>;
}

type Owners = readonly FieldOwner[];

const isSameManager = (one: FieldManager, other: FieldManager): boolean =>
  one.manager === other.manager && one.operation === other.operation && one.subresource === other.subresource;

export const fieldsOwnedBy = (owners: Owners, manager: FieldManager): ReadonlySet<FieldPath> =>
  owners.find((owner) => isSameManager(owner, manager))?.fields ?? new Set();

/** The other managers that own some of these fields, with which. */
export function otherOwnersOf(
  owners: Owners,
  manager: FieldManager,
  fields: ReadonlySet<FieldPath>,
): { owner: FieldOwner; fields: FieldPath[] }[] {
  return owners
    .filter((owner) => !isSameManager(owner, manager))
    .map((owner) => ({ owner, fields: [...fields].filter((field) => owner.fields.has(field)) }))
    .filter(({ fields }) => fields.length > 0);
}

/** After an update the manager owns what it changed, and nobody else does. */
export function ownersAfterUpdate(owners: Owners, manager: FieldManager, changes: FieldChanges): Owners {
  const own = fieldsOwnedBy(owners, manager);
  const fields = [...changes.set].every((field) => own.has(field)) ? own : new Set([...own, ...changes.set]);
  return withOwner(without(owners, manager, changes), manager, minus(fields, changes.removed));
}

/** After an apply the manager owns exactly what it stated; what it changed, nobody else owns. */
export function ownersAfterApply(
  owners: Owners,
  manager: FieldManager,
  stated: ReadonlySet<FieldPath>,
  changes: FieldChanges,
): Owners {
  return withOwner(without(owners, manager, changes), manager, stated);
}

export function sameOwners(one: Owners, other: Owners): boolean {
  if (one === other) return true;
  return (
    one.length === other.length &&
    one.every((owner) => {
      const { fields } = owner;
      const others = fieldsOwnedBy(other, owner);
      return fields === others || (fields.size === others.size && [...fields].every((field) => others.has(field)));
    })
  );
}

/** Takes changed and removed fields from all other managers. */
function without(owners: Owners, manager: FieldManager, { set, removed }: FieldChanges): Owners {
  return owners.map((owner) =>
    isSameManager(owner, manager) ? owner : { ...owner, fields: minus(minus(owner.fields, set), removed) },
  );
}

function minus(fields: ReadonlySet<FieldPath>, taken: ReadonlySet<FieldPath>): ReadonlySet<FieldPath> {
  for (const field of taken) {
    if (fields.has(field)) return new Set([...fields].filter((one) => !taken.has(one)));
  }
  return fields;
}

/** A manager that owns nothing is forgotten. */
function withOwner(owners: Owners, manager: FieldManager, fields: ReadonlySet<FieldPath>): Owners {
  const { manager: name, operation, subresource } = manager;
  const others = owners.filter((owner) => !isSameManager(owner, manager));
  return [...others, { manager: name, operation, subresource, fields }].filter((owner) => owner.fields.size > 0);
}
