import type { Selection } from '../kube/kubernetes-api.ts';
import type { KubernetesObject, ObjectMeta } from '../kube/kubernetes-object.ts';

type Requirement = (metadata: ObjectMeta) => boolean;

/** Whether an object belongs to a selection of its kind. */
export type Matcher = (object: KubernetesObject) => boolean;

/**
 * Compiles a selection.
 * @throws SyntaxError for a selector that is none, or a field that cannot be selected by
 */
export function matcherOf({ namespace, labelSelector = '', fieldSelector = '' }: Selection): Matcher {
  const requirements = [...splitSelector(labelSelector).map(labelRequirement), ...fieldRequirements(fieldSelector)];
  if (namespace !== undefined) requirements.push((metadata) => metadata.namespace === namespace);
  return ({ metadata }) => requirements.every((requirement) => requirement(metadata));
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

function fieldRequirements(selector: string): Requirement[] {
  return splitSelector(selector).map((text) => {
    const [, field, comparison, value] = EQUALITY.exec(text) ?? [];
    if (field !== 'metadata.name' && field !== 'metadata.namespace') {
      throw new SyntaxError(`field label not supported: ${field ?? text}`);
    }
    const part = field === 'metadata.name' ? 'name' : 'namespace';
    return comparison === '!=' ? (metadata) => metadata[part] !== value : (metadata) => metadata[part] === value;
  });
}
