/**
 * The order of two resourceVersions of one kind: whole decimal numbers that grow with every write, compared as such
 * (KEP-5504), without regard to how many digits a number type keeps.
 * @returns negative, zero, positive as for a sort; nothing when one of them is no such number and only equality counts
 */
export function compareResourceVersions(a: string, b: string): number | undefined {
  if (a === b) return 0;
  if (!isNumber(a) || !isNumber(b)) return undefined;
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : 1;
}

/** Whether the first is surely the older one. */
export function isOlder(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  const order = compareResourceVersions(a, b);
  return order !== undefined && order < 0;
}

const isNumber = (version: string): boolean => /^[1-9][0-9]*$/.test(version);
