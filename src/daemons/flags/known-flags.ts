import { compareVersions, parseVersion } from '../versions.ts';
import type { ImpalaVersion } from '../versions.ts';
import { FLAG_TABLE, KNOWN_RELEASES } from './flag-table.ts';

const release = (text: string): ImpalaVersion => {
  const parsed = parseVersion(text);
  if (parsed === undefined) throw new Error(`the table of flags names a release ${text}`);
  return parsed;
};

interface Lifetime {
  readonly since: ImpalaVersion;
  readonly goneIn: ImpalaVersion | undefined;
}

const lifetimes: ReadonlyMap<string, Lifetime> = new Map(
  FLAG_TABLE.flatMap(({ since, goneIn, flags }) => {
    const lifetime = { since: release(since), goneIn: goneIn === undefined ? undefined : release(goneIn) };
    return flags
      .trim()
      .split(/\s+/)
      .map((flag): [string, Lifetime] => [flag, lifetime]);
  }),
);

const releases = KNOWN_RELEASES.map(release);

/**
 * The release in the table that a version has the flags of: the newest that is not of a later minor release. Flags come
 * and go with minor releases, never with patches.
 */
function tabulated(version: ImpalaVersion): ImpalaVersion | undefined {
  return releases.findLast(
    ({ major, minor }) => compareVersions({ major, minor, patch: 0 }, { ...version, patch: 0 }) <= 0,
  );
}

/** Whether the daemons of a version know a flag. They stop at one that they do not know. */
export function isKnownFlag(flag: string, version: ImpalaVersion): boolean {
  const lifetime = lifetimes.get(flag);
  const known = tabulated(version);
  if (lifetime === undefined || known === undefined) return false;
  const { since, goneIn } = lifetime;
  return compareVersions(since, known) <= 0 && (goneIn === undefined || compareVersions(known, goneIn) < 0);
}
