import { type AuthenticatedKey, type Credential } from '@aegis/access';
import { Identification } from '@aegis/http';
import { DomainError } from '@aegis/errors';
import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { ApiKeyAuthentication } from '../api-key-authentication';
import { AuthenticationUnavailable } from '../api-keys.errors';

/** Several times the length of a key; what is longer is not even looked at. */
const LONGEST_CREDENTIAL = 256;

const UNREADABLE: Credential = { kind: 'refused', because: 'unreadable' };
/** Our scheme; and our keys where the scheme was forgotten, so that the caller gets an error. */
const OURS = /^(bearer(\s|$)|aegis_)/i;

/**
 * Finds out who calls by `X-API-Key: <key>` or `Authorization: Bearer <key>` (RFC 6750). Any other scheme is not a
 * credential: proxies and `.netrc` add `Basic` and `Negotiate` without the caller's knowledge.
 */
@Injectable()
export class ApiKeyIdentification extends Identification {
  constructor(private readonly authentication: ApiKeyAuthentication) {
    super();
  }

  async identify(request: Request): Promise<Credential> {
    // Not `headers`: that joins a doubled X-API-Key and drops all but the first Authorization.
    const { 'x-api-key': keys = [], authorization = [] } = request.headersDistinct;
    const authorizations = authorization.filter((value) => OURS.test(value));
    if (keys.length > 0 && authorizations.length > 0) return { kind: 'conflicting' };
    const [credential, ...others] = [...keys, ...authorizations];
    if (credential === undefined) return { kind: 'none' };
    if (others.length > 0 || credential.length > LONGEST_CREDENTIAL) return UNREADABLE;
    const key = keys.length > 0 ? credential : /^bearer +(\S+)$/i.exec(credential)?.[1];
    return key === undefined ? UNREADABLE : this.authentication.authenticate(key);
  }

  /** @throws CallerRefused, CallerNarrowed, AuthenticationUnavailable */
  async judgeAgain(key: AuthenticatedKey): Promise<void> {
    try {
      await this.authentication.judgeAgain(key);
    } catch (error) {
      throw error instanceof DomainError ? error : new AuthenticationUnavailable(error);
    }
  }
}
