import type { Answer } from '../contract/answer';
import { expectStatus } from '../contract/expect-status';
import { Client } from '../requests/client';
import type { TestServer } from '../processes/server';

/** Of a test server without PUBLIC_URL, whose port is chosen later. */
export const ORIGIN = 'http://localhost:0';
export const COOKIE = 'aegis_session';
const CONSOLE = { 'X-Aegis-Console': '1' };

/** A session as the API shows it. */
export interface ShownSession {
  id: string;
  created_at: string;
  expires_at: string;
  idle_expires_at: string;
  last_used_at: string;
  api_key: { id: string; name: string; prefix: string };
  scopes: string[];
}

/** The headers that the console sends with every request. */
export function sessionHeaders(value: string, origin = ORIGIN): Record<string, string> {
  return { ...CONSOLE, Cookie: `${COOKIE}=${value}`, Origin: origin };
}

/** The value that an answer sets, as a browser would keep it. */
export function cookieOf({ headers }: Answer): string | undefined {
  const [first] = headers.getSetCookie();
  return first === undefined ? undefined : /^[^=]+=([^;]*)/.exec(first)?.[1];
}

/** Calls a server as the console does, by a session. */
export class SessionClient extends Client {
  constructor(
    url: string,
    readonly value: string,
  ) {
    super(url);
  }

  override send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    return super.send(method, path, body, { ...sessionHeaders(this.value), ...headers });
  }
}

/** A session, and who calls by it. */
export interface SignedIn {
  session: ShownSession;
  client: SessionClient;
}

/** Signs in with an API key. */
export async function signIn({ url }: Pick<TestServer, 'url'>, key: string): Promise<SignedIn> {
  const answer = await new Client(url, key).post('/api/v1/sessions', undefined, {
    ...CONSOLE,
    Origin: ORIGIN,
  });
  expectStatus(answer, 201);
  return {
    session: answer.body as unknown as ShownSession,
    client: new SessionClient(url, cookieOf(answer)!),
  };
}
