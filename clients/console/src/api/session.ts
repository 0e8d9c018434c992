import { useSyncExternalStore } from 'react';
import type { components } from '../../../typescript/schema';
import { ProblemError, Unreachable } from './problem';

/** Who is signed in. */
export type Session = components['schemas']['Session'];

export type SessionState =
  | { kind: 'unknown' }
  | { kind: 'failed'; error: unknown }
  | { kind: 'out' }
  /** `ended`: the page is kept as it is until the same person signs in again. */
  | { kind: 'in'; session: Session; ended: boolean };

const SESSIONS = '/api/v1/sessions';
const CURRENT = `${SESSIONS}/current`;

let state: SessionState = { kind: 'unknown' };
const listeners = new Set<() => void>();

function become(next: SessionState): void {
  state = next;
  for (const listener of listeners) listener();
}

async function send(path: string, init: RequestInit): Promise<Response> {
  const headers = { 'X-Aegis-Console': '1', ...(init.headers as Record<string, string> | undefined) };
  try {
    return await fetch(path, { ...init, headers, credentials: 'same-origin' });
  } catch {
    throw new Unreachable();
  }
}

async function sessionIn(response: Response): Promise<Session> {
  const body = (await response.json().catch(() => undefined)) as unknown;
  if (!response.ok) throw ProblemError.from(body, response);
  return body as Session;
}

/** Finds out whether the browser has a session already. */
export async function findSession(): Promise<void> {
  try {
    const response = await send(CURRENT, {});
    if (response.status === 401) {
      // An answer that nobody reads keeps its connection.
      await response.body?.cancel();
      become({ kind: 'out' });
    } else become({ kind: 'in', session: await sessionIn(response), ended: false });
  } catch (error) {
    become({ kind: 'failed', error });
  }
}

/**
 * Exchanges an API key for a session: scripts cannot read its cookie, and the key is forgotten.
 * @returns whether it is the same API key as before, if there was one
 * @throws ProblemError when the server refuses the key; Unreachable when it does not answer
 */
export async function signIn(key: string): Promise<boolean> {
  const before = state.kind === 'in' ? state.session.api_key.id : undefined;
  const response = await send(SESSIONS, { method: 'POST', headers: { 'X-API-Key': key } });
  const session = await sessionIn(response);
  become({ kind: 'in', session, ended: false });
  return before === undefined || before === session.api_key.id;
}

/** Ends the session, here and at the server. */
export async function signOut(): Promise<void> {
  const response = await send(CURRENT, { method: 'DELETE' });
  if (!response.ok && response.status !== 401) await sessionIn(response);
  become({ kind: 'out' });
}

/** The server no longer knows the session. */
export function sessionEnded(): void {
  if (state.kind === 'in' && !state.ended) become({ ...state, ended: true });
}

/** Follows who is signed in. */
export function useSessionState(): SessionState {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );
}

/** @returns whether the session has a scope, by itself or as part of `admin` */
export function useScopes(): (scope: string) => boolean {
  const current = useSessionState();
  const scopes: readonly string[] = current.kind === 'in' ? current.session.scopes : [];
  return (scope) => scopes.includes(scope) || scopes.includes('admin');
}
