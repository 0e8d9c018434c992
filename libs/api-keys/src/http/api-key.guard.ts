import { Environment } from '@aegis/config';
import { type Counter, Metrics } from '@aegis/metrics';
import { type Credential, grants, type Scope } from '@aegis/access';
import { RestoreNotReconciled } from '@aegis/database';
import { type Access, credentialOf, routeOf } from '@aegis/http';
import { addAccessFields } from '@aegis/logging';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import {
  AuthenticationUnavailable,
  ConflictingCredentials,
  InsufficientScope,
  OriginRefused,
  SessionRefused,
  Unauthorized,
} from '../api-keys.errors';

/** Third guard, after identification and the rate limit: lets a request pass if the route's access allows it. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  private readonly failures: Counter<'reason'>;

  constructor(
    private readonly environment: Environment,
    metrics: Metrics,
  ) {
    this.failures = metrics.counter(
      {
        name: 'aegis_authentication_failures_total',
        help: 'Requests that were not authenticated, by reason.',
        labelNames: ['reason'],
      },
      ['missing', 'refused', 'conflicting', 'other_origin', 'unavailable'].map((reason) => ({ reason })),
    );
  }

  /**
   * @throws Unauthorized and SessionRefused (401), ConflictingCredentials (400), InsufficientScope and OriginRefused
   * (403), AuthenticationUnavailable and RestoreNotReconciled (503); a bad credential is refused on a public route too
   */
  canActivate(context: ExecutionContext): boolean {
    const access = routeOf(context).access;
    // The start refuses such routes; if one gets here, it stays closed.
    if (!access) throw new Error('a route declares no access');
    const request = context.switchToHttp().getRequest<Request>();
    const needed = this.neededScopes(access);
    const credential: Credential = access.ignoreCredentials ? { kind: 'none' } : credentialOf(request);
    switch (credential.kind) {
      case 'none':
        if (!needed) return true;
        this.failures.inc({ reason: 'missing' });
        addAccessFields({ refused: 'missing' });
        throw new Unauthorized('missing');
      case 'conflicting':
        this.failures.inc({ reason: 'conflicting' });
        throw new ConflictingCredentials();
      case 'refused':
        this.failures.inc({ reason: 'refused' });
        noteRefusal(credential);
        if (credential.because === 'session_ended') throw new SessionRefused();
        throw new Unauthorized(credential.because ?? 'refused');
      case 'unavailable':
        this.failures.inc({ reason: 'unavailable' });
        if (credential.error instanceof RestoreNotReconciled) throw credential.error;
        throw new AuthenticationUnavailable(credential.error);
      case 'other_origin':
        this.failures.inc({ reason: 'other_origin' });
        addAccessFields({ refused: 'other_origin' });
        throw new OriginRefused(new URL(this.environment.PUBLIC_URL).origin);
      case 'key': {
        if (access.kind === 'any-key' && !access.sessions && credential.key.sessionId !== null)
          throw new Unauthorized('by_session');
        const lacking = needed?.filter((scope) => !grants(credential.key.scopes, scope)) ?? [];
        if (lacking.length > 0) throw new InsufficientScope(lacking);
        return true;
      }
    }
  }

  /** @returns the scopes that a caller's key must have, possibly none; undefined if no key is needed */
  private neededScopes(access: Access): readonly Scope[] | undefined {
    switch (access.kind) {
      case 'scopes':
        return access.scopes;
      case 'any-key':
        return [];
      case 'public': {
        const scope = access.unless?.(this.environment);
        return scope && [scope];
      }
    }
  }
}

/** The operator reads in the log what the answer does not say. */
function noteRefusal({ because, noted }: Extract<Credential, { kind: 'refused' }>): void {
  if (noted === undefined) addAccessFields({ refused: because ?? 'unreadable' });
  else if ('session' in noted) addAccessFields({ refused: `session_${noted.session}` });
  else addAccessFields({ refused: noted.reason, refused_key_id: noted.keyId });
}
