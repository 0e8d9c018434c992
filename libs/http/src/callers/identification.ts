import { currentRequest } from '@aegis/logging';
import type { Request } from 'express';
import type { AuthenticatedKey, Credential } from '@aegis/access';
import { factsOf } from '../edge/request-facts';

/** Finds out who calls. A DI token: libs/api-keys implements it. */
export abstract class Identification {
  /**
   * Authenticates the credential of a request; it may be called for every request that has one. If it throws, the
   * credential is `unavailable`.
   */
  abstract identify(request: Request): Promise<Credential>;

  /**
   * Judges again whom it has identified, for a request that was not complete then.
   * @throws a problem that refuses the request when the caller is no longer valid, or has fewer scopes
   */
  abstract judgeAgain(key: AuthenticatedKey): Promise<void>;
}

const NONE: Credential = { kind: 'none' };

/** Makes a cookie a credential. */
export const CONSOLE_HEADER = 'X-Aegis-Console';

/**
 * Identifies a caller, once per request however often it is asked, and notes an authenticated key in the context of the
 * request: its log lines name it, and transactions judge it again.
 * @returns the credential; never rejects
 */
export function identifyOnce(identification: Identification, request: Request): Promise<Credential> {
  return (factsOf(request).identifying ??= identify(identification, request));
}

async function identify(identification: Identification, request: Request): Promise<Credential> {
  let credential: Credential;
  try {
    credential = await identification.identify(request);
  } catch (error) {
    credential = { kind: 'unavailable', error };
  }
  const facts = factsOf(request);
  facts.credential = credential;
  facts.identifiedEarly = !request.complete;
  const current = currentRequest();
  if (credential.kind === 'key' && current !== undefined) {
    current.apiKeyId = credential.key.id;
    current.caller = credential.key;
  }
  return credential;
}

/**
 * Whether a request comes from our own page: `X-Aegis-Console: 1`. A page of another origin can't send this header,
 * because CORS never allows it; without it a cookie is not a credential.
 */
export function isFromConsole(request: Pick<Request, 'headers'>): boolean {
  return request.headers[CONSOLE_HEADER.toLowerCase()] === '1';
}

/** Whether a request has anything that requires identification. */
export function hasCredential(request: Request): boolean {
  const { headers } = request;
  return (
    headers['x-api-key'] !== undefined ||
    headers.authorization !== undefined ||
    (headers.cookie !== undefined && isFromConsole(request))
  );
}

/** What identification found; `none` too where it has not run (health routes, callers without a credential). */
export function credentialOf(request: Request): Credential {
  return factsOf(request).credential ?? NONE;
}
