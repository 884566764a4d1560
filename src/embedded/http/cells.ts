import type { KubernetesObject } from '../../kube/kubernetes-object.ts';
import type { PrinterColumn } from '../kinds/served-kind.ts';

type Values = unknown[];

/** The value at a simple JSON path as printer columns have it: `.a.b[?(@.type=="X")].c`, `.a[0].b`. */
export function atJsonPath(object: unknown, path: string): unknown {
  const steps = path.match(/\[\?\(@\.[\w.]+\s*==\s*"[^"]*"\)\]|\[\d+\]|\[\*\]|[^.[\]]+/g) ?? [];
  let values: Values = [object];
  for (const step of steps) values = values.flatMap((value) => follow(value, step));
  return values.length <= 1 ? values[0] : values;
}

function follow(value: unknown, step: string): Values {
  const filter = /^\[\?\(@\.([\w.]+)\s*==\s*"([^"]*)"\)\]$/.exec(step);
  if (filter !== null) {
    const [, field = '', wanted] = filter;
    return Array.isArray(value) ? value.filter((item) => atJsonPath(item, `.${field}`) === wanted) : [];
  }
  if (step === '[*]') return Array.isArray(value) ? (value as Values) : [];
  const name = step.replace(/^\[(\d+)\]$/, '$1');
  const found = (value as Record<string, unknown> | null | undefined)?.[name];
  return found === undefined || found === null ? [] : [found];
}

/** What a printer column shows of an object. */
export function customCell(
  object: KubernetesObject,
  { type, jsonPath }: PrinterColumn,
  now: Date,
): string | number | null {
  const value = atJsonPath(object, jsonPath);
  if (value === undefined) return type === 'date' ? '<unknown>' : null;
  if (type === 'date') return age(asText(value), now);
  return typeof value === 'object' ? JSON.stringify(value) : (value as string | number);
}

/** How long ago, as kubectl writes it: the two largest units, while the larger is small. */
export function age(timestamp: string | undefined, now: Date): string {
  if (timestamp === undefined) return '<unknown>';
  const seconds = Math.max(0, Math.floor((now.getTime() - Date.parse(timestamp)) / 1000));
  const [minutes, hours, days] = [60, 3600, 86_400].map((unit) => Math.floor(seconds / unit)) as [
    number,
    number,
    number,
  ];
  if (seconds < 120) return `${seconds}s`;
  if (minutes < 10) return withRest(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  if (hours < 8) return withRest(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  return days < 8 ? withRest(days, 'd', hours % 24, 'h') : `${days}d`;
}

const withRest = (large: number, unit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${large}${unit}` : `${large}${unit}${small}${smallUnit}`;

/** A scalar as it is, anything else as JSON. */
export const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value ?? ''));
