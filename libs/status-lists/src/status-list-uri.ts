import { STATUS_LIST_SIZE, type StatusPlace } from './status-places';

/** Of PostgreSQL's integer. */
const MOST_LIST = 2_147_483_647;

/** Where clients get a status list, and its permanent name in them. */
export function statusListUri(publicUrl: string, list: number): string {
  return `${publicUrl}/api/v1/status-lists/${list}`;
}

/**
 * Reads the place that a token names (draft-ietf-oauth-status-list), if it is in a list of this server.
 * @param publicUrl base URL under which clients reach this server
 * @param status the claim `status` of the token; any value
 * @returns null when it names no list, or a list of another server
 */
export function placeIn(publicUrl: string, status: unknown): StatusPlace | null {
  const { idx, uri } = ((status as { status_list?: unknown } | null | undefined)?.status_list ?? {}) as {
    idx?: unknown;
    uri?: unknown;
  };
  if (typeof uri !== 'string' || typeof idx !== 'number' || !Number.isInteger(idx)) return null;
  const list = Number(/\/(\d{1,10})$/.exec(uri)?.[1]);
  const isOurs =
    uri === statusListUri(publicUrl, list) && list <= MOST_LIST && idx >= 0 && idx < STATUS_LIST_SIZE;
  return isOurs ? { list, index: idx } : null;
}
