import { UUID } from '@aegis/license-token';
import { boundedText } from '../bounded-text';
import { retryAfterOf } from '../status-lists/retry-after';

/** How the server is asked for seats. */
export interface SeatServerOptions {
  /** Where the server is, e.g. `https://licenses.example.com`. */
  baseUrl: string;
  /** Milliseconds for a whole answer; 10,000 by default. */
  timeoutMs?: number;
  /** In place of the global one. */
  fetch?: typeof globalThis.fetch;
}

/** What a program needs of an activation (`HeldActivation` in the OpenAPI document). */
export interface HeldActivation {
  id: string;
  token: string | null;
  license_token: string | null;
  last_seen_at: string;
  lease_ends_at: string | null;
  heartbeat_after: number | null;
}

/** Why the server gives or keeps no seat: a problem document (RFC 9457). */
export interface SeatProblem {
  /** `seats_exhausted`, `activation_ended`, `license_not_valid`, … */
  code: string;
  status: number;
  detail: string;
  /** With `activation_ended`: `lease`, `released`, `ended`, `taken_over`, `customer_removed`. */
  ended_by?: string;
  /** With `seats_exhausted` and `moves_exhausted`. */
  next_free_at?: string | null;
  /** With `seats_exhausted`, where a seat may be taken over. */
  holders?: { id: string; name: string | null; last_seen_at: string }[];
}

/** An answer; or the server gave none for now, and a later request may get one. */
export type SeatAnswer<Body> =
  | { outcome: 'answered'; body: Body }
  | { outcome: 'refused'; problem: SeatProblem }
  /** `retryAfter`: seconds that the server asks to wait; null where it does not. */
  | { outcome: 'unreachable'; retryAfter: number | null };

const TIMEOUT_MS = 10_000;
/** An activation with both of its tokens, or a refusal with 20 holders, takes less than a tenth. */
const MAX_BYTES = 262_144;

/**
 * Asks the server about a seat. Each of these requests can be repeated: a fingerprint never holds two seats.
 * @param path from the base address on
 * @param isExpected whether it is an answer of the server, and not of something that stands between
 * @returns also where there is no network; 429, 5xx and redirects are no answers: nobody else gets the license token
 */
export async function askForSeat<Body>(
  { baseUrl, timeoutMs = TIMEOUT_MS, fetch = globalThis.fetch }: SeatServerOptions,
  path: string,
  body: object,
  isExpected: (body: unknown) => body is Body,
): Promise<SeatAnswer<Body>> {
  try {
    const answer = await fetch(baseUrl.replace(/\/+$/, '') + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
      credentials: 'omit',
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await boundedText(answer, MAX_BYTES);
    if (text === null || answer.status === 429 || isNoAnswer(answer.status))
      return { outcome: 'unreachable', retryAfter: retryAfterOf(answer.headers) };
    const content: unknown = text === '' ? null : JSON.parse(text);
    if (answer.ok)
      return isExpected(content)
        ? { outcome: 'answered', body: content }
        : { outcome: 'unreachable', retryAfter: null };
    return { outcome: 'refused', problem: problemOf(content, answer.status) };
  } catch {
    return { outcome: 'unreachable', retryAfter: null };
  }
}

/** A failure, or a redirect; browsers give that the status 0. */
function isNoAnswer(status: number): boolean {
  return status < 200 || (status >= 300 && status < 400) || status >= 500;
}

/** Whether nothing was answered, as to a release. */
export function isNothing(body: unknown): body is null {
  return body === null;
}

/** Whether what was answered is an activation. */
export function isHeldActivation(body: unknown): body is HeldActivation {
  if (typeof body !== 'object' || body === null) return false;
  const { id, token, last_seen_at, lease_ends_at, heartbeat_after } = body as Partial<HeldActivation>;
  const isTime = (value: unknown): boolean => typeof value === 'string' && !Number.isNaN(Date.parse(value));
  return (
    isActivationId(id) &&
    (token === null || typeof token === 'string') &&
    isTime(last_seen_at) &&
    (lease_ends_at === null || isTime(lease_ends_at)) &&
    (heartbeat_after === null || typeof heartbeat_after === 'number')
  );
}

/** It becomes a part of an address. */
export function isActivationId(id: unknown): id is string {
  return typeof id === 'string' && UUID.test(id);
}

/** What stands between may answer with anything. */
function problemOf(content: unknown, status: number): SeatProblem {
  const problem = typeof content === 'object' && content !== null ? (content as Partial<SeatProblem>) : {};
  return { ...problem, code: problem.code ?? 'unknown', detail: problem.detail ?? '', status };
}
