/** A server that asks for more than a day does not know of lists that end. */
const LONGEST_S = 86_400;

/**
 * Seconds to wait, as the header Retry-After asks (RFC 9110 section 10.2.3).
 * @param headers of an answer; a date in Retry-After is compared with their own `Date`, since the local clock may be wrong
 * @returns null where there is no such header, or it can't be read; a day at most
 */
export function retryAfterOf(headers: Headers): number | null {
  const asked = headers.get('retry-after')?.trim();
  if (asked === undefined) return null;
  const seconds = /^\d{1,10}$/.test(asked)
    ? Number(asked)
    : (Date.parse(asked) - Date.parse(headers.get('date') ?? '')) / 1000;
  return Number.isNaN(seconds) ? null : Math.min(Math.max(Math.ceil(seconds), 0), LONGEST_S);
}
