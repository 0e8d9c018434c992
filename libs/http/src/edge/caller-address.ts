import type { Request } from 'express';
import { isIP } from 'node:net';

/** Some proxies name the port too: `203.0.113.7:4711`, `[2001:db8::7]:4711`. */
const WITH_PORT = /^(?:\[([^\]]*)\]|([\d.]+))(?::\d+)?$/;

/**
 * The address that a request comes from: behind trusted proxies the one that they name, unless that is not an address.
 * @returns an address that PostgreSQL's `inet` takes, so without the zone of a link-local one; null once the
 * connection is gone
 */
export function callerAddress(request: Request): string | null {
  return addressIn(request.ip) ?? addressIn(request.socket.remoteAddress);
}

function addressIn(text: string | undefined): string | null {
  if (text === undefined) return null;
  const [, inBrackets, beforePort] = isIP(text) === 0 ? (WITH_PORT.exec(text) ?? []) : [];
  const [address = ''] = (inBrackets ?? beforePort ?? text).split('%', 1);
  return isIP(address) === 0 ? null : address;
}
