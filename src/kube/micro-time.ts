const MICRO_TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/**
 * A moment as meta/v1 MicroTime. API servers take exactly six fraction digits: the three of `toISOString()` are answered
 * with 400.
 * @param microseconds since 1970, a whole number
 */
export function microTime(microseconds: number): string {
  const milliseconds = Math.floor(microseconds / 1000);
  const rest = String(microseconds - milliseconds * 1000).padStart(3, '0');
  return new Date(milliseconds).toISOString().replace(/Z$/, `${rest}Z`);
}

/** A moment of the wall clock as meta/v1 MicroTime; see {@link microTime}. */
export const formatMicroTime = (date: Date): string => microTime(date.getTime() * 1000);

/**
 * The moment that a MicroTime or Time names.
 * @returns whole microseconds since 1970; nothing when the text names no moment
 */
export function parseMicroTime(text: string): number | undefined {
  const [, whole, fraction = '', zone] = MICRO_TIME.exec(text) ?? [];
  if (whole === undefined || zone === undefined) return undefined;
  const milliseconds = Date.parse(whole + zone);
  return Number.isNaN(milliseconds) ? undefined : milliseconds * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}
