import { isIP } from 'node:net';

/** Whether a PostgreSQL URL's host, in canonical form, is the folder of a Unix socket: `%2Fvar%2Frun%2Fpostgresql`. */
export function isSocketHost(host: string): boolean {
  return /^%2f/i.test(host);
}

/** Whether a URL's host is this machine: `localhost`, 127.0.0.0/8, `[::1]`. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '');
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'));
}
