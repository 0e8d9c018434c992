import type { Request, RequestHandler } from 'express';
import type { IncomingHttpHeaders } from 'node:http';
import { MalformedRequest } from '@aegis/errors';
import { FrameworkRefusal } from '../problems/http.errors';

/** Node's parser lets 0.9 and 2.0 pass, which are not written like this (RFC 9112 section 2.3, RFC 9113). */
const SUPPORTED_VERSIONS: readonly string[] = ['1.1', '1.0'];
/** Node drops header fields beyond 2,000 without a word; no honest client sends a hundred. */
const MAX_HEADER_FIELDS = 100;
/**
 * Longest value, in characters, of the fields that are taken apart: what a caller can make us look at. Each is a
 * multiple of what browsers, proxies and this server's own answers have.
 */
const LONGEST_VALUES: readonly (readonly [name: string, longest: number])[] = [
  ['accept', 1_024],
  ['accept-encoding', 512],
  ['content-type', 256],
  ['expect', 256],
  ['if-match', 2_048],
  ['if-none-match', 2_048],
  ['traceparent', 512],
  ['x-forwarded-for', 2_048],
];
/** Path and query in visible ASCII: a fragment is never sent (RFC 9112 section 3.2). */
const ORIGIN_FORM = /^\/[!-"$-~]*$/;
const ABSOLUTE_FORM = /^https?:\/\/[^/?#]*/i;
/** Node keeps the first of several such fields; a proxy in front may have used the last. */
const SINGLE_FIELDS: readonly string[] = ['host', 'content-type', 'authorization'];

/**
 * Refuses requests that a proxy in front could read differently, and brings the absolute form of a target (`GET
 * http://host/path`) to a path, so that everything behind sees one form.
 */
export function soundRequests(): RequestHandler {
  return (request, response, next) => {
    // What follows on such a connection may be framed otherwise than we would read it.
    const framing = framingFlawOf(request);
    if (framing) response.setHeader('Connection', 'close');
    const target = targetFlawOf(request);
    next(framing ?? target ?? flawOf(request));
  };
}

/**
 * Finds what makes the end or the body of a request uncertain.
 * @returns the refusal; the connection is closed after any answer
 */
export function framingFlawOf({
  httpVersion,
  headers,
}: Pick<Request, 'httpVersion' | 'headers'>): Error | undefined {
  if (!SUPPORTED_VERSIONS.includes(httpVersion))
    return new MalformedRequest('The request line names a version other than HTTP/1.1 or HTTP/1.0.');
  const coding = headers['transfer-encoding'];
  if (coding === undefined) return undefined;
  // RFC 9112 section 6.1: framed wrongly, because HTTP/1.0 has no transfer codings.
  if (httpVersion === '1.0')
    return new MalformedRequest('The request is HTTP/1.0 and has a header transfer-encoding.');
  // Node reads the chunks of whatever ends in `chunked`, and takes no other coding off.
  if (coding.toLowerCase() === 'chunked') return undefined;
  return new FrameworkRefusal(
    'transfer_coding_unsupported',
    'The header transfer-encoding names another coding than chunked.',
  );
}

/** Turns the target into a path. Answers name the request by it, no matter what else is wrong. */
function targetFlawOf(request: Request): Error | undefined {
  const { url } = request;
  if (url.startsWith('/') && ORIGIN_FORM.test(url)) return undefined;
  const target = originFormOf(url);
  request.url = request.originalUrl = target ?? '/';
  return target === undefined
    ? new MalformedRequest('The request target is not a path in visible ASCII.')
    : undefined;
}

function flawOf(request: Request): Error | undefined {
  const { rawHeaders } = request;
  if (rawHeaders.length > 2 * MAX_HEADER_FIELDS)
    return new FrameworkRefusal(
      'headers_too_large',
      `The request has more than ${MAX_HEADER_FIELDS} header fields.`,
    );
  const long = tooLongField(request.headers);
  if (long !== undefined)
    return new FrameworkRefusal(
      'headers_too_large',
      `The header ${long} is longer than this server accepts.`,
    );
  const doubled = SINGLE_FIELDS.find((name) => occurrences(rawHeaders, name) > 1);
  if (doubled !== undefined) return new MalformedRequest(`The request has more than one header ${doubled}.`);
  if (request.headers.host === undefined && request.httpVersion !== '1.0')
    return new MalformedRequest('The request has no header host.');
  return undefined;
}

function originFormOf(url: string): string | undefined {
  if (!ABSOLUTE_FORM.test(url)) return undefined;
  const path = url.replace(ABSOLUTE_FORM, '');
  const target = path.startsWith('/') ? path : `/${path}`;
  return ORIGIN_FORM.test(target) ? target : undefined;
}

/** A field whose value, joined where it came in several lines, is longer than its bound. */
function tooLongField(headers: IncomingHttpHeaders): string | undefined {
  for (const [name, longest] of LONGEST_VALUES) if ((headers[name]?.length ?? 0) > longest) return name;
  return undefined;
}

/** @param rawHeaders name, value, name, value, as received */
function occurrences(rawHeaders: readonly string[], name: string): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const field = rawHeaders[index];
    if (field?.length === name.length && field.toLowerCase() === name) count++;
  }
  return count;
}
