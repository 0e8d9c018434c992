import type { Request, Response } from 'express';
import { readBytes } from './body-bytes';
import type { BodyRules } from './body-rules';
import { parseJson } from '@aegis/json';
import { factsOf } from '../../edge/request-facts';
import { MalformedRequest } from '@aegis/errors';
import { UnsupportedMediaType } from '../../problems/http.errors';

const AWAITS_CONTINUE = /(^|\W)100-continue($|\W)/i;
const JSON_TYPE = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

const ANY_CHARSET = /^\s*charset\s*=/i;
/** US-ASCII is part of UTF-8. */
const READABLE_CHARSET = /^\s*charset\s*=\s*"?(utf-?8|us-ascii)"?\s*$/i;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const utf8WithoutMark = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads the body of a request, once however often it is asked, into `request.body`. A public route takes a byte order
 * mark, a charset that is spelled otherwise, and a body without `Content-Type`.
 * @param rules of the route
 * @returns the JSON value, or undefined when there is no body
 * @throws MalformedRequest for what is not JSON in UTF-8 or breaks off (400), UnsupportedMediaType (415), InvalidInput
 * (422), and a refusal for a body that is too large (413)
 */
export function readJsonBody(request: Request, response: Response, rules: BodyRules): Promise<unknown> {
  return (factsOf(request).body ??= read(request, response, rules));
}

/** Whether a body comes with the request (RFC 9112 section 6.3). */
export function hasBody(request: Request): boolean {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  return coding !== undefined || (length !== undefined && length !== '0');
}

async function read(
  request: Request,
  response: Response,
  { bytes: limit, json, forgiving }: BodyRules,
): Promise<unknown> {
  request.body = undefined;
  if (!hasBody(request)) return undefined;
  if (!isJson(request.headers['content-type'] ?? '', forgiving))
    throw new UnsupportedMediaType('Send the body as `application/json` in UTF-8.');
  if (request.httpVersion !== '1.0' && AWAITS_CONTINUE.test(request.headers.expect ?? ''))
    response.writeContinue();
  const bytes = await readBytes(request, limit);
  if (bytes.length === 0) return undefined;
  let text: string;
  try {
    text = (forgiving ? utf8WithoutMark : utf8).decode(bytes);
  } catch {
    throw new MalformedRequest('The body is not in UTF-8.');
  }
  const value = parseJson(text, json);
  request.body = value;
  return value;
}

/** JSON has no parameters (RFC 8259 section 11): all but a charset that can't be read mean nothing. */
function isJson(contentType: string, forgiving: boolean): boolean {
  if (JSON_TYPE.test(contentType)) return true;
  if (!forgiving) return false;
  const [type = '', ...parameters] = contentType.split(';');
  return (
    ['', 'application/json'].includes(type.trim().toLowerCase()) &&
    parameters.every((parameter) => !ANY_CHARSET.test(parameter) || READABLE_CHARSET.test(parameter))
  );
}
