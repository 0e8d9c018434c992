import { ApiKeyIdentification } from '@aegis-http/api-keys';
import type { AuthenticatedKey, Credential } from '@aegis/access';
import { Identification, isFromConsole } from '@aegis/http';
import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { refused, SessionAuthentication } from '../session-authentication';
import { SessionCookie } from './session-cookie';

/** They change nothing (RFC 9110 section 9.2.1). */
const SAFE: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

const NONE: Credential = { kind: 'none' };

/**
 * Finds out who calls: by an API key, or without one by the cookie of a session. The cookie of a request without
 * `X-Aegis-Console: 1` is ignored: browsers send it also for pages of others.
 */
@Injectable()
export class CallerIdentification extends Identification {
  constructor(
    private readonly apiKeys: ApiKeyIdentification,
    private readonly sessions: SessionAuthentication,
    private readonly cookie: SessionCookie,
  ) {
    super();
  }

  async identify(request: Request): Promise<Credential> {
    const byKey = await this.apiKeys.identify(request);
    return byKey.kind === 'none' && isFromConsole(request) ? this.bySession(request) : byKey;
  }

  /** @throws CallerRefused, CallerNarrowed, AuthenticationUnavailable */
  judgeAgain(key: AuthenticatedKey): Promise<void> {
    return this.apiKeys.judgeAgain(key);
  }

  /** The origin comes first: what a page of another origin learns does not depend on the session. */
  private bySession(request: Request): Credential | Promise<Credential> {
    const presented = this.cookie.read(request);
    if (presented.kind === 'none') return NONE;
    if (!SAFE.includes(request.method) && request.headers.origin !== this.cookie.origin)
      return { kind: 'other_origin' };
    return presented.kind === 'several' ? refused('unreadable') : this.sessions.authenticate(presented.value);
  }
}
