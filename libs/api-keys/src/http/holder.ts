import { credentialOf } from '@aegis/http';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { Unauthorized } from '../api-keys.errors';
import type { KeyHolder } from '../key-holder';

/** Controller parameter: what the key that the request was authenticated by may do itself. */
export const Holder = createParamDecorator((_: unknown, context: ExecutionContext): KeyHolder => {
  const credential = credentialOf(context.switchToHttp().getRequest<Request>());
  if (credential.kind !== 'key') throw new Unauthorized('missing');
  const { scopes, expiresAt, rateLimitPerMinute, hasCurrentSecret } = credential.key;
  return { scopes, expires_at: expiresAt, rate_limit_per_minute: rateLimitPerMinute, hasCurrentSecret };
});
