import { InvalidInput, MalformedRequest, shortened } from '@aegis/errors';

/** Three times as many as any list of the contract has. */
const MOST_PARAMETERS = 50;
/** Far longer than any parameter of the contract. */
const LONGEST_NAME = 64;

/** Parameters by name: a list where one was given more than once. No prototype, so no name means more than itself. */
export type QueryParameters = Record<string, string | string[]>;

/**
 * Reads a query string (`application/x-www-form-urlencoded`).
 * @param text without the question mark; null where there is none
 * @throws MalformedRequest when percent-encoding is broken or is not UTF-8 (400)
 * @throws InvalidInput for more than 50 parameters, or a name that is longer than any known one (422)
 */
export function parseQuery(text: string | null): QueryParameters {
  const parameters = Object.create(null) as QueryParameters;
  if (text === null || text === '') return parameters;
  const pairs = text.split('&', MOST_PARAMETERS + 1);
  if (pairs.length > MOST_PARAMETERS)
    throw new InvalidInput([
      { field: 'query', message: `must have no more than ${MOST_PARAMETERS} parameters` },
    ]);
  for (const pair of pairs) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals === -1 ? pair : pair.slice(0, equals));
    if (name.length > LONGEST_NAME)
      throw new InvalidInput([
        { field: shortened(name, LONGEST_NAME), message: 'is longer than any known parameter' },
      ]);
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
