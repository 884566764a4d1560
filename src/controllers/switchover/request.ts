import type { Member } from '../../api/names.ts';
import type { SwitchoverStatus } from '../../api/status.ts';
import { requestAt } from '../../daemons/lease-notes.ts';

/** What tells which request a preferred member is. */
export interface PreferredActive {
  readonly member: Member;
  /** When the kubectl plugin asked last, as its annotation says. It stays there, whoever asks next, and how. */
  readonly time: string | undefined;
  readonly generation: number;
  /** The request in hand, or the last one; nothing since nobody was preferred. */
  readonly previous: Pick<SwitchoverStatus, 'member' | 'request'> | undefined;
  /** The request that the agents served last. */
  readonly served: string | undefined;
}

/**
 * The name of a request: each is served once. Another member is another request; so is the same one with another time,
 * which is how the plugin asks again for what the spec says already. A time whose request was served before the field was
 * emptied names nothing new, and must not be taken for what is asked for now.
 */
export function requestName({ member, time, generation, previous, served }: PreferredActive): string {
  const asked = time === undefined ? undefined : requestAt(member, time);
  const isOver = asked === served || previous?.request.endsWith(since(time)) === true;
  if (asked !== undefined && (asked === previous?.request || !isOver)) return asked;
  if (previous?.member === member) return previous.request;
  return `${member} in generation ${generation}${time === undefined ? '' : since(time)}`;
}

const since = (time: string | undefined): string => ` since ${time}`;
