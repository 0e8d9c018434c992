import { Environment } from '@aegis/config';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { credentialOf, Identification } from '../callers/identification';
import { factsOf, routeOf } from './request-facts';

/**
 * Sixth guard: judges a caller again whose body came after it was identified. A body may take as long as its size
 * allows, and the key that began it may be gone by then. Changes judge their caller again, in their transaction; for a
 * request that only reads, this is the last check.
 */
@Injectable()
export class LateBodyGuard implements CanActivate {
  constructor(
    private readonly identification: Identification,
    private readonly environment: Environment,
  ) {}

  /** @throws what `Identification.judgeAgain` throws */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const { identifiedEarly, body } = factsOf(request);
    if (!identifiedEarly || body === undefined) return true;
    const credential = credentialOf(request);
    if (credential.kind !== 'key') return true;
    const { key } = credential;
    const counts = this.asksForScopes(context) ? key : { ...key, scopes: [] };
    return this.identification.judgeAgain(counts).then(() => true);
  }

  /** An open route asks for a valid key if there is one, and for no scope. */
  private asksForScopes(context: ExecutionContext): boolean {
    const { access } = routeOf(context);
    return access?.kind !== 'public' || access.unless?.(this.environment) !== undefined;
  }
}
