import { withoutOuterWhiteSpace } from '@aegis/license-token';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request, Response } from 'express';
import { hash } from 'node:crypto';
import { routeOf } from '../edge/request-facts';
import { RateLimiter } from './rate-limiter';

/**
 * Last guard: counts a validation against its license too, by the SHA-256 of the token: a caller without the token
 * cannot use up its bucket. Comes after the access guard and the body, so that refused callers use up nothing.
 */
@Injectable()
export class LicenseLimitGuard implements CanActivate {
  constructor(private readonly limiter: RateLimiter) {}

  /** @throws what `RateLimiter.chargeLicense` throws */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (routeOf(context).access?.group !== 'validate') return true;
    const http = context.switchToHttp();
    const token = tokenIn(http.getRequest<Request>().body);
    if (token === undefined) return true;
    const license = hash('sha256', withoutOuterWhiteSpace(token), 'base64url');
    return this.limiter.chargeLicense(http.getResponse<Response>(), license).then(() => true);
  }
}

function tokenIn(body: unknown): string | undefined {
  const token = typeof body === 'object' && body !== null && 'token' in body ? body.token : undefined;
  return typeof token === 'string' ? token : undefined;
}
