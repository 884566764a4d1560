/** A release of Impala. */
export interface ImpalaVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

const version = (major: number, minor: number, patch: number): ImpalaVersion => ({ major, minor, patch });

/** The oldest release that the flags are known of. */
export const OLDEST_SUPPORTED_VERSION = version(4, 2, 0);

/**
 * The version at the beginning of a text, as in 4.5.0 or the tag 4.5.0-2024-12. A fourth number makes it something else.
 * @returns undefined when there is none
 */
export function parseVersion(text: string): ImpalaVersion | undefined {
  const match = /^(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?![0-9.])/.exec(text);
  return match === null ? undefined : version(Number(match[1]), Number(match[2]), Number(match[3]));
}

/** Negative when the first is older, positive when it is newer, 0 when they are the same. */
export function compareVersions(one: ImpalaVersion, other: ImpalaVersion): number {
  return one.major - other.major || one.minor - other.minor || one.patch - other.patch;
}

export const formatVersion = ({ major, minor, patch }: ImpalaVersion): string => `${major}.${minor}.${patch}`;
