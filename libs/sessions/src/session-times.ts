/** SQL: how long a session lasts, whatever is done with it. */
export const LONGEST = `interval '12 hours'`;

/** SQL: after so long without a request a session has ended. */
export const LONGEST_PAUSE = `interval '1 hour'`;

/** Uses are written about once per so many milliseconds and session. */
export const USE_IS_WRITTEN_AFTER_MS = 60_000;

/**
 * SQL: whether a session of the table has neither expired nor been left. Its key's end is not in it: that ends its
 * sessions.
 * @param session alias of the table
 */
export function isLive(session: string): string {
  return `${session}.expires_at > clock_timestamp() AND ${session}.last_used_at > clock_timestamp() - ${LONGEST_PAUSE}`;
}
