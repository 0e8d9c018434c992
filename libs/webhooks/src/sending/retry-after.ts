const LONGEST_SECONDS = 24 * 60 * 60;
/** The form that is sent, and the two older ones that are still read (RFC 9110, section 5.6.7). */
const HTTP_DATE =
  /^(?:[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/;

/**
 * Reads `Retry-After` (RFC 9110, section 10.2.3).
 * @param date the answer's `Date`: the clock that a date in `retryAfter` was made by; this process's clock without it
 * @returns whole seconds, 24 hours at most; null when there is none, it is in the past, or it is not readable
 */
export function retryAfterSeconds(retryAfter: string | undefined, date: string | undefined): number | null {
  const value = retryAfter?.trim() ?? '';
  if (/^\d+$/.test(value)) return bounded(Number(value));
  const until = httpDate(value);
  if (until === undefined) return null;
  return bounded(Math.ceil((until - (httpDate(date?.trim() ?? '') ?? Date.now())) / 1000));
}

function bounded(seconds: number): number | null {
  return seconds > 0 ? Math.min(seconds, LONGEST_SECONDS) : null;
}

/** @returns milliseconds since 1970 */
function httpDate(text: string): number | undefined {
  if (!HTTP_DATE.test(text)) return undefined;
  const moment = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(moment) ? undefined : moment;
}
