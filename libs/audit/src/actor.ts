import { currentRequest } from '@aegis/logging';
import { createParamDecorator } from '@nestjs/common';
import { userInfo } from 'node:os';

/** Who does something, and from where: what an audit record says of them. */
export interface Actor {
  /** `api_key:<id>`, `cli:<user>`, `anonymous` (a request without a credential) or `system` (the server itself). */
  readonly name: string;
  readonly apiKeyId: string | null;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  readonly requestId: string | null;
  /** Id of the session that stood for the API key; absent without one. */
  readonly sessionId?: string;
}

const NOWHERE = { apiKeyId: null, ipAddress: null, userAgent: null, requestId: null };

const ANONYMOUS = 'anonymous';

/** The server itself: start, timers. */
export const SYSTEM: Actor = { name: 'system', ...NOWHERE };

/** The operating system's user who runs the command line. */
export function commandLineActor(): Actor {
  return { name: `cli:${userInfo().username.slice(0, 128)}`, ...NOWHERE };
}

/** The caller of the request that is served here; the server itself outside of one. */
export function callingActor(): Actor {
  const request = currentRequest();
  if (!request) return SYSTEM;
  const sessionId = request.caller?.sessionId ?? undefined;
  return {
    name: request.apiKeyId === null ? ANONYMOUS : `api_key:${request.apiKeyId}`,
    apiKeyId: request.apiKeyId,
    ipAddress: request.ip,
    userAgent: request.userAgent,
    requestId: request.requestId,
    ...(sessionId !== undefined && { sessionId }),
  };
}

/** Controller parameter: the Actor of the request. */
export const Caller = createParamDecorator((): Actor => callingActor());
