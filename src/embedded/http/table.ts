import type { KubernetesObject } from '../../kube/kubernetes-object.ts';
import type { ServedKind } from '../kinds/served-kind.ts';
import { columnsOf, type Column } from './built-in-columns.ts';
import { customCell } from './cells.ts';

/** Whether a request wants tables, as `kubectl get` does. */
export const wantsTable = (accept: string | undefined): boolean => /;as=Table\b/.test(accept ?? '');

function columnsFor(kind: ServedKind): readonly Column[] {
  if (kind.columns === undefined) return columnsOf(kind.resource.kind);
  const [name, ...plain] = columnsOf('');
  if (kind.columns.length === 0) return [name!, ...plain];
  return [
    name!,
    ...kind.columns.map((column): Column => ({
      name: column.name,
      type: column.type,
      priority: column.priority ?? 0,
      cell: (object, now) => customCell(object, column, now) ?? '',
    })),
  ];
}

/**
 * meta.k8s.io/v1 Table: the cells that people see, and of each object its metadata.
 * @param whole with the whole objects instead
 */
export function tableOf(
  kind: ServedKind,
  objects: readonly KubernetesObject[],
  { metadata, now, whole }: { metadata: object; now: Date; whole: boolean },
): object {
  const columns = columnsFor(kind);
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: columns.map(({ name, type = 'string', priority = 0 }) => ({
      name,
      type: type === 'date' ? 'string' : type,
      format: name === 'Name' ? 'name' : '',
      description: name,
      priority,
    })),
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object, now)),
      object: whole
        ? object
        : { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata },
    })),
  };
}
