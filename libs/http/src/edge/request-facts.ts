import type { Request } from 'express';
import type { Credential } from '@aegis/access';
import type { Reply } from '@aegis/idempotency';
import type { Quota } from '@aegis/rate-limits';

/** What the server has found out about a request so far. */
export interface RequestFacts {
  /** Asked for once per request. */
  identifying?: Promise<Credential>;
  /** Set when identification is through. */
  credential?: Credential;
  /** Whether some of the request was still to come when its caller was identified. */
  identifiedEarly?: boolean;
  /** Read once per request. */
  body?: Promise<unknown>;
  /** Set when its route is found: the reply to what the handler returns. */
  replyTo?: (result: unknown) => Reply;
  /** Whether the request was counted against its limit, or need not be. */
  counted: boolean;
  /** How far it has used up the limits that it was counted against. */
  quotas?: readonly Quota[];
}

const FACTS = Symbol('facts');

/** The facts of a request, kept on it: a WeakMap per fact costs the garbage collector more. */
export function factsOf(request: Request & { [FACTS]?: RequestFacts }): RequestFacts {
  return (request[FACTS] ??= { counted: false });
}
