import type { Selection } from '../kube/kubernetes-api.ts';
import type { KubernetesObject, ObjectMeta } from '../kube/kubernetes-object.ts';

type Requirement = (metadata: ObjectMeta) => boolean;

/** Whether an object belongs to a selection of its kind. */
export type Matcher = (object: KubernetesObject) => boolean;

/**
 * Compiles a selection.
 * @throws SyntaxError for a selector that is none, or a field that cannot be selected by
 */
export function matcherOf({ resource, namespace, labelSelector = '', fieldSelector = '' }: Selection): Matcher {
  const ofLabels = splitSelector(labelSelector).map(labelRequirement);
  if (namespace !== undefined) ofLabels.push((metadata) => metadata.namespace === namespace);
  const ofFields = fieldRequirements(fieldSelector, resource.kind);
  return (object) =>
    ofLabels.every((requirement) => requirement(object.metadata)) && ofFields.every((matches) => matches(object));
}

/** Splits at the commas that are not within parentheses. */
const splitSelector = (selector: string): string[] =>
  selector
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '');

const SET = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/;
const EQUALITY = /^([^=!\s]+)\s*(==|=|!=)\s*([^=!\s]*)$/;
const EXISTENCE = /^(!?)\s*([^=!\s()]+)$/;

function labelRequirement(text: string): Requirement {
  const [, setKey = '', operator, list = ''] = SET.exec(text) ?? [];
  if (operator !== undefined) {
    const values = new Set(list.split(',').map((value) => value.trim()));
    const wanted = operator === 'in';
    return ({ labels }) => {
      const value = labels?.[setKey];
      return value === undefined ? !wanted : values.has(value) === wanted;
    };
  }
  const [, key = '', comparison, value] = EQUALITY.exec(text) ?? [];
  if (comparison === '!=') return ({ labels }) => labels?.[key] !== value;
  if (comparison !== undefined) return ({ labels }) => labels?.[key] === value;
  const [, negation, label] = EXISTENCE.exec(text) ?? [];
  if (label === undefined) throw new SyntaxError(`unable to parse requirement: ${text}`);
  return ({ labels }) => (labels?.[label] === undefined) === (negation === '!');
}

/** By which fields a kind's objects can be selected, beside name and namespace. */
const SELECTABLE: Readonly<Record<string, readonly string[]>> = {
  Pod: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'status.phase',
    'status.podIP',
  ],
  Node: ['spec.unschedulable'],
  Event: [
    'regarding.kind',
    'regarding.namespace',
    'regarding.name',
    'regarding.uid',
    'regarding.apiVersion',
    'regarding.fieldPath',
    'reason',
    'reportingController',
    'type',
  ],
};
const ALWAYS_SELECTABLE: readonly string[] = ['metadata.name', 'metadata.namespace'];

function fieldRequirements(selector: string, kind: string): Matcher[] {
  const selectable = [...ALWAYS_SELECTABLE, ...(SELECTABLE[kind] ?? [])];
  return splitSelector(selector).map((text) => {
    const [, field = text, comparison, value = ''] = EQUALITY.exec(text) ?? [];
    if (!selectable.includes(field)) throw new SyntaxError(`field label not supported: ${field}`);
    const path = field.split('.');
    const wanted = comparison !== '!=';
    return (object) => (textAt(object, path) === value) === wanted;
  });
}

function textAt(object: unknown, path: readonly string[]): string {
  const value = path.reduce<unknown>((part, name) => (part as Record<string, unknown> | undefined)?.[name], object);
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? `${value}` : '';
}
