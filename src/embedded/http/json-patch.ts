import { isFields, sameJson } from '../json.ts';
import { badRequest, StatusError } from '../status-error.ts';

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

/**
 * JSON patch (RFC 6902).
 * @throws StatusError 422 when an operation cannot be carried out
 */
export function jsonPatch(object: unknown, operations: unknown): unknown {
  if (!Array.isArray(operations)) throw badRequest('a JSON patch is a list of operations');
  return operations.reduce<unknown>((state, operation) => apply(state, operation as Operation), object);
}

const impossible = (path: string): StatusError =>
  new StatusError(422, 'Invalid', `the server rejected our request due to an error in our request: ${path}`);

const tokens = (path: string): string[] =>
  path
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));

function apply(state: unknown, { op, path, from = '', value }: Operation): unknown {
  switch (op) {
    case 'add':
    case 'replace':
      return changed(state, tokens(path), { op, value }, path);
    case 'remove':
      return changed(state, tokens(path), { op }, path);
    case 'test':
      if (!sameJson(valueAt(state, tokens(path)), value)) throw impossible(path);
      return state;
    case 'copy':
    case 'move': {
      const moved = valueAt(state, tokens(from));
      if (moved === undefined) throw impossible(from);
      const left = op === 'move' ? changed(state, tokens(from), { op: 'remove' }, from) : state;
      return changed(left, tokens(path), { op: 'add', value: moved }, path);
    }
    default:
      throw badRequest(`Unexpected kind: ${op}`);
  }
}

const valueAt = (state: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((value, token) => (value as Record<string, unknown> | undefined)?.[token], state);

interface Change {
  readonly op: 'add' | 'replace' | 'remove';
  readonly value?: unknown;
}

function changed(state: unknown, [token, ...rest]: string[], change: Change, path: string): unknown {
  if (token === undefined) return change.op === 'remove' ? undefined : change.value;
  if (Array.isArray(state)) return changedList(state, token, rest, change, path);
  if (!isFields(state)) throw impossible(path);
  if (rest.length > 0) return { ...state, [token]: changed(state[token], rest, change, path) };
  if (change.op !== 'add' && !(token in state)) throw impossible(path);
  const { [token]: _old, ...others } = state;
  return change.op === 'remove' ? others : { ...state, [token]: change.value };
}

function changedList(list: unknown[], token: string, rest: string[], change: Change, path: string): unknown[] {
  const index = token === '-' ? list.length : Number(token);
  const limit = rest.length === 0 && change.op === 'add' ? list.length : list.length - 1;
  if (!Number.isInteger(index) || index < 0 || index > limit) throw impossible(path);
  const result = [...list] as unknown[];
  if (rest.length > 0) result[index] = changed(list[index], rest, change, path);
  else if (change.op === 'add') result.splice(index, 0, change.value);
  else if (change.op === 'replace') result[index] = change.value;
  else result.splice(index, 1);
  return result;
}
