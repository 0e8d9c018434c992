import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { routeOf } from '../edge/request-facts';
import { hasCredential, Identification, identifyOnce } from './identification';

/** First guard: finds out who calls and refuses nobody, so that refused callers are still counted. */
@Injectable()
export class IdentifyGuard implements CanActivate {
  constructor(private readonly identification: Identification) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const { access } = routeOf(context);
    const request = context.switchToHttp().getRequest<Request>();
    if (!hasCredential(request) || access?.ignoreCredentials) return true;
    return identifyOnce(this.identification, request).then(() => true);
  }
}
