import { boundedText } from '../bounded-text';
import { retryAfterOf } from './retry-after';

/** How a status list is fetched. */
export interface FetchStatusListOptions {
  /** Of the list that is kept: a server that has no newer one answers without it. */
  etag?: string;
  /** Milliseconds for the whole answer; 10,000 by default. */
  timeoutMs?: number;
  /** Most bytes of an answer; 262,144 by default, which is the longest list that is read. */
  maxBytes?: number;
  /** In place of the global one. */
  fetch?: typeof globalThis.fetch;
}

/** An answer, or why it is missing. `serverDate` is what the server says that it is: to be shown, never trusted. */
export type FetchedStatusList =
  | { outcome: 'fetched'; text: string; etag: string | null; serverDate: string | null }
  | { outcome: 'unchanged'; serverDate: string | null }
  | {
      outcome: 'failed';
      reason: 'network' | 'timeout' | 'status' | 'too_large';
      /** Of the answer; null where there was none. */
      httpStatus: number | null;
      /** Seconds that the server asks to wait; null where it does not. */
      retryAfter: number | null;
      serverDate: string | null;
    };

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 262_144;

/**
 * Fetches a status list. What comes is not verified: `verifyLicense` and `StatusListKeeper` do that.
 * @param uri of the list, as the license names it (`statusListUri`)
 * @returns also where there is no network: nothing that a server or a network does makes it throw
 */
export async function fetchStatusList(
  uri: string,
  options: FetchStatusListOptions = {},
): Promise<FetchedStatusList> {
  const { etag, timeoutMs = TIMEOUT_MS, maxBytes = MAX_BYTES, fetch = globalThis.fetch } = options;
  const signal = AbortSignal.timeout(timeoutMs);
  let answer: Response | null = null;
  try {
    answer = await fetch(uri, {
      headers: {
        accept: 'application/statuslist+jwt',
        ...(etag !== undefined && { 'if-none-match': etag }),
      },
      credentials: 'omit',
      signal,
    });
    const serverDate = answer.headers.get('date');
    if (answer.status === 304) return { outcome: 'unchanged', serverDate };
    if (!answer.ok) return failed('status', answer);
    const text = await boundedText(answer, maxBytes);
    if (text === null) return failed('too_large', answer);
    return { outcome: 'fetched', text, etag: answer.headers.get('etag'), serverDate };
  } catch {
    return failed(signal.aborted ? 'timeout' : 'network', answer);
  }
}

function failed(
  reason: Extract<FetchedStatusList, { outcome: 'failed' }>['reason'],
  answer: Response | null,
): FetchedStatusList {
  // What is not read would keep the connection.
  void answer?.body?.cancel().catch(() => undefined);
  return {
    outcome: 'failed',
    reason,
    httpStatus: answer?.status ?? null,
    retryAfter: answer && retryAfterOf(answer.headers),
    serverDate: answer?.headers.get('date') ?? null,
  };
}
