const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** After each failed attempt, the pause until the next one. */
const PAUSES_MS: readonly number[] = [
  5 * SECOND_MS,
  30 * SECOND_MS,
  2 * MINUTE_MS,
  10 * MINUTE_MS,
  HOUR_MS,
  4 * HOUR_MS,
  12 * HOUR_MS,
  24 * HOUR_MS,
];
/** Part of a pause that chance makes longer or shorter: what failed together does not come back together. */
const JITTER = 0.1;

/** Attempts that a delivery has, the first included. */
export const MOST_ATTEMPTS = PAUSES_MS.length + 1;

/**
 * How long to wait after a failed attempt.
 * @param attempts how many there were
 * @param retryAfterSeconds what the receiver asked for: it lengthens a pause, and never shortens one
 * @param random at least 0 and less than 1
 * @returns milliseconds; null when all attempts are used
 */
export function retryPauseMs(
  attempts: number,
  retryAfterSeconds: number | null,
  random: () => number,
): number | null {
  const pause = PAUSES_MS[attempts - 1];
  if (pause === undefined) return null;
  const jittered = Math.round(pause * (1 - JITTER + 2 * JITTER * random()));
  return Math.max(jittered, (retryAfterSeconds ?? 0) * SECOND_MS);
}
