import { randomUUID } from 'node:crypto';

const TRACE_PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * Trace id of a request (W3C Trace Context, section 3.2).
 * @param header `traceparent` as received
 * @returns 32 hex digits: the caller's trace, or a new one where the header is missing or malformed
 */
export function traceIdOf(header: string | undefined): string {
  const [, version, traceId, parentId, , rest] =
    header === undefined ? [] : (TRACE_PARENT.exec(header) ?? []);
  const valid =
    traceId !== undefined &&
    version !== 'ff' &&
    // Only future versions may contain more.
    (version !== '00' || rest === undefined) &&
    !/^0+$/.test(traceId) &&
    !/^0+$/.test(parentId ?? '0');
  return valid ? traceId : randomUUID().replaceAll('-', '');
}
