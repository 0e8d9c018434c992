import { Environment, isLoopback } from '@aegis/config';
import { Injectable } from '@nestjs/common';
import type { CookieOptions, Request, Response } from 'express';

const NAME = 'aegis_session';

/** What a request has in the session's cookie: nothing, one value, or several, of which none is chosen. */
export type PresentedCookie = { kind: 'none' } | { kind: 'one'; value: string } | { kind: 'several' };

/**
 * The cookie of a session (RFC 6265bis). `__Host-` lets no other host set it, and demands `Secure`; a server of
 * development, without TLS on loopback, has neither.
 */
@Injectable()
export class SessionCookie {
  /** Where pages come from whose requests may change something. */
  readonly origin: string;
  private readonly name: string;
  private readonly options: CookieOptions;

  constructor({ PUBLIC_URL }: Environment) {
    const { origin, protocol, hostname } = new URL(PUBLIC_URL);
    this.origin = origin;
    const isPlain = protocol === 'http:' && isLoopback(hostname);
    this.name = isPlain ? NAME : `__Host-${NAME}`;
    this.options = { path: '/', httpOnly: true, secure: !isPlain, sameSite: 'strict' };
  }

  /** Reads the values that a request has under the cookie's name. */
  read({ headers: { cookie = '' } }: Pick<Request, 'headers'>): PresentedCookie {
    const beginning = `${this.name}=`;
    const [value, ...others] = cookie
      .split(';')
      .map((pair) => pair.trim())
      .filter((pair) => pair.startsWith(beginning))
      .map((pair) => pair.slice(beginning.length));
    if (value === undefined) return { kind: 'none' };
    return others.length > 0 ? { kind: 'several' } : { kind: 'one', value };
  }

  /** It lasts as long as the browser runs: the session's own times end it before or after. */
  set(response: Response, value: string): void {
    response.cookie(this.name, value, this.options);
  }

  clear(response: Response): void {
    response.clearCookie(this.name, this.options);
  }
}
