/** A random number in [0, 1), as `Math.random` gives; passed in, so that a simulation can repeat a run. */
export type Random = () => number;
