/** `AEGIS_FAULTS=long` runs the long form of every row: as long and as often as docs/reliability.md says. */
export const isLong = process.env.AEGIS_FAULTS === 'long';

/** The long form's value under `AEGIS_FAULTS=long`, else the short one's. */
export function shortOrLong<T>(short: T, long: T): T {
  return isLong ? long : short;
}

/**
 * A promised time applies to the median, which one late process of a shared machine does not change. Any single request
 * may take up to so many times as long.
 */
export const SLOW_MACHINE = 4;
