import { withoutOuterWhiteSpace } from '@aegis/license-token';
import { Inject, Injectable, type ExecutionContext } from '@nestjs/common';
import { ThrottlerGuard } from '@nestjs/throttler';
import type { Request, Response } from 'express';
import { hash } from 'node:crypto';
import { accessOf } from '../callers/route-access';
import { readJsonBody } from '../input/json-body';
import { RateLimiter } from './rate-limiter';

/**
 * Second guard: counts the request against its group's limit. A validation counts against the license too, by the
 * SHA-256 of the token: who does not hold the token can't use up its bucket.
 */
@Injectable()
export class RateLimitGuard extends ThrottlerGuard {
  @Inject(RateLimiter) private readonly limiter!: RateLimiter;

  /** The base looks up ten decorators a request that no route has; limits here go by access group and credential. */
  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    const response = http.getResponse<Response>();
    const group = accessOf(context.getHandler(), context.getClass())?.group ?? 'default';
    const license = group === 'validate' ? () => presentedToken(context) : undefined;
    await this.limiter.count(request, response, group, license);
    return true;
  }
}

async function presentedToken(context: ExecutionContext): Promise<string | null> {
  const body = await readJsonBody(context);
  const token = typeof body === 'object' && body !== null && 'token' in body ? body.token : undefined;
  return typeof token === 'string' ? hash('sha256', withoutOuterWhiteSpace(token), 'base64url') : null;
}
