/**
 * The longest lease that the API accepts. A challenger waits as long as the Lease it reads says, but never longer than
 * this: a Lease edited by hand must not keep a pair without an active for ever.
 */
export const MAXIMUM_LEASE_DURATION_SECONDS = 120;

/** What must lie between the guard's deadline and the end of the lease, for the daemon to be dead by then. */
export const STOP_BUDGET_SECONDS = 2;

/**
 * How long an active may live on promises since its last renewal, by default and within which bounds. The upper one also
 * caps what a challenger believes of a Lease.
 */
export const DEFAULT_OUTAGE_SECONDS = 900;
export const MINIMUM_OUTAGE_SECONDS = 60;
export const MAXIMUM_OUTAGE_SECONDS = 86_400;
