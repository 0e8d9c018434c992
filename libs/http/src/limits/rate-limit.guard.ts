import { Inject, Injectable, type ExecutionContext } from '@nestjs/common';
import { ThrottlerGuard } from '@nestjs/throttler';
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

  /** The base looks up ten decorators a request that no route has; limits here go by access group and credential. */
  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    const response = http.getResponse<Response>();
    const group = routeOf(context).access?.group ?? 'default';
    await this.limiter.count(request, response, group);
    return true;
  }
}
