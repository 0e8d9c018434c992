import { credentialOf, type Scope } from '@aegis/web';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';

/** Controller parameter: the scopes of the key that the request was authenticated by; none without one. */
export const HeldScopes = createParamDecorator((_: unknown, context: ExecutionContext): readonly Scope[] => {
  const credential = credentialOf(context.switchToHttp().getRequest<Request>());
  return credential.kind === 'key' ? credential.key.scopes : [];
});
