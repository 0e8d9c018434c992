import createClient from 'openapi-fetch';
import type { components, paths } from '../../../typescript/schema';
import { ProblemError, Unreachable } from './problem';
import { sessionEnded } from './session';

export type Schemas = components['schemas'];

/** Without it the server ignores the cookie of the session. */
export const CONSOLE_HEADER = { 'X-Aegis-Console': '1' };

/** The API, called with the cookie of the session. */
export const api = createClient<paths, 'application/json'>({
  baseUrl: '',
  credentials: 'same-origin',
  headers: CONSOLE_HEADER,
});

interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/**
 * Waits for an answer.
 * @returns its body, and the state of the resource for `If-Match`
 * @throws ProblemError when the server refused; Unreachable when it did not answer
 */
export async function taggedAnswer<Data>(call: Promise<Answer<Data>>): Promise<{ data: Data; tag?: string }> {
  const { data, error, response } = await call.catch(() => {
    throw new Unreachable();
  });
  if (response.status === 401) sessionEnded();
  if (data === undefined) throw ProblemError.from(error, response);
  const tag = response.headers.get('ETag');
  return { data, ...(tag !== null && { tag }) };
}

/** The body of an answer; throws as `taggedAnswer` does. */
export async function answer<Data>(call: Promise<Answer<Data>>): Promise<Data> {
  return (await taggedAnswer(call)).data;
}
