import { Inject, Injectable } from '@nestjs/common';
import { ThrottlerGuard, type ThrottlerRequest } from '@nestjs/throttler';
import type { Request, Response } from 'express';
import { routeOf } from '../edge/request-facts';
import { RateLimiter } from './rate-limiter';

/**
 * Second guard: counts the request against its group's limit, before anyone is refused. The license of a validation is
 * counted by `LicenseLimitGuard`.
 */
@Injectable()
export class RateLimitGuard extends ThrottlerGuard {
  @Inject(RateLimiter) private readonly limiter!: RateLimiter;

  /**
   * Limits depend on the group of the route and on the credential, not on the options of the library (docs/adr/0009).
   * @throws what `RateLimiter.count` throws
   */
  protected override async handleRequest({ context }: ThrottlerRequest): Promise<boolean> {
    const http = context.switchToHttp();
    const group = routeOf(context).access?.group ?? 'default';
    if (group === 'activations') return true;
    await this.limiter.count(http.getRequest<Request>(), http.getResponse<Response>(), group);
    return true;
  }
}
