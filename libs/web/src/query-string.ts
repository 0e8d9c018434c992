import { MalformedRequest } from './web.errors';

/** Parameters by name: a list where one was given more than once. No prototype, so no name means more than itself. */
export type QueryParameters = Record<string, string | string[]>;

/**
 * Reads a query string (`application/x-www-form-urlencoded`).
 * @param text without the question mark; null where there is none
 * @throws MalformedRequest when percent-encoding is broken or is no UTF-8 (400)
 */
export function parseQuery(text: string | null): QueryParameters {
  const parameters = Object.create(null) as QueryParameters;
  if (text === null || text === '') return parameters;
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals === -1 ? pair : pair.slice(0, equals));
    const value = equals === -1 ? '' : decode(pair.slice(equals + 1));
    const before = parameters[name];
    if (before === undefined) parameters[name] = value;
    else if (typeof before === 'string') parameters[name] = [before, value];
    else before.push(value);
  }
  return parameters;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new MalformedRequest('The query is not percent-encoded UTF-8.');
  }
}
