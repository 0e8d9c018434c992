import { median, type Reply } from './caller';
import type { Load, Operation } from './load';
import { SLOW_MACHINE } from './promises';

const LATE_MS = 2_500 * SLOW_MACHINE;

/**
 * What is wrong with answers that were given while the database could not be reached: each is to be 503 as a problem document
 * with `Retry-After`, soon.
 * @param operations that were answered
 * @param promisedMs within which half of them are answered; any single one may take `SLOW_MACHINE` times as long
 * @param codes that a problem document may have
 * @returns a sentence for each kind of mistake
 */
export function wrongRefusals(
  operations: readonly Operation[],
  promisedMs: number,
  codes: readonly string[] = ['service_unavailable'],
): string[] {
  if (operations.length === 0) return ['nothing was answered'];
  const replies = operations.flatMap(({ reply }) => (reply === undefined ? [] : [reply]));
  const durations = replies.map(({ milliseconds }) => milliseconds);
  return [
    ...new Set(replies.flatMap((reply) => wrongWith(reply, codes))),
    ...(median(durations) > promisedMs
      ? [`half of the answers took more than ${Math.round(median(durations))} ms`]
      : []),
    ...(Math.max(...durations) > promisedMs * SLOW_MACHINE
      ? [`an answer took ${Math.round(Math.max(...durations))} ms`]
      : []),
  ];
}

function wrongWith({ status, headers, body }: Reply, codes: readonly string[]): string[] {
  if (status !== 503) return [`answered ${status}: ${JSON.stringify(body).slice(0, 200)}`];
  const { code = '' } = body as { code?: string };
  return [
    ...(/^application\/problem\+json\b/.test(String(headers['content-type'])) ? [] : ['no problem document']),
    ...(Number(headers['retry-after']) > 0 ? [] : ['no Retry-After']),
    ...(codes.includes(code) ? [] : [`code ${code}`]),
  ];
}

/**
 * Requests that were sent and answered in a span of time; those that were sent in it long before its end and answered
 * only after it are among them, as being late.
 * @param from, to on the clock of `performance.now()`
 */
export function answeredBetween(load: Load, from: number, to: number): Operation[] {
  return load
    .sentBetween(from, to)
    .filter(({ sentAt, reply }) => sentAt + (reply?.milliseconds ?? Infinity) <= to || to - sentAt > LATE_MS);
}

/** What was answered otherwise than well: a line each. */
export function notWell(operations: readonly Operation[], alsoFine: readonly number[] = []): string[] {
  return operations
    .filter(({ reply }) => ![200, 201, ...alsoFine].includes(reply?.status ?? 0))
    .map(({ kind, reply }) => `${kind}: ${reply?.status} ${JSON.stringify(reply?.body ?? '').slice(0, 200)}`);
}
