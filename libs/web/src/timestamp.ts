const RFC_3339 =
  /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i;

/**
 * Reads a time with its offset from UTC (RFC 3339 section 5.6), from year 1 on, without leap seconds.
 * @returns null when it is none, or no day of the calendar
 */
export function parseTimestamp(text: string): Date | null {
  const [, year, month, day] = (RFC_3339.exec(text) ?? []).map(Number);
  if (year === undefined || month === undefined || day === undefined || year === 0) return null;
  // JavaScript takes 30 February for a day in March.
  const midnight = new Date(Date.UTC(year, month - 1, day));
  if (midnight.getUTCMonth() !== month - 1 || midnight.getUTCDate() !== day) return null;
  return new Date(text.toUpperCase());
}
