import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** Below are those of well-known services. */
const FIRST = 10_000;
const LAST = 65_535;

/** First and last of the ports that the system gives to outgoing connections. */
export function ephemeralPorts(): [number, number] {
  try {
    const [low = '', high = ''] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')
      .trim()
      .split(/\s+/);
    return [Number(low), Number(high)];
  } catch {
    // IANA's, which other systems use.
    return [49_152, LAST];
  }
}

/**
 * A port of 127.0.0.1 that nobody listens on, for a server that can't be given port 0. It is not one that the system
 * gives to outgoing connections: while the test asks whether the server listens already, the system could give such a
 * port to that very connection, which is then connected to itself (TCP, simultaneous open), and takes the port from the
 * server.
 */
export async function freePort(): Promise<number> {
  const [low, high] = ephemeralPorts();
  const below = Math.max(0, low - FIRST);
  const count = below + Math.max(0, LAST - high);
  if (count === 0) throw new Error('The system gives every port to outgoing connections.');
  for (;;) {
    const chosen = randomInt(count);
    const port = chosen < below ? FIRST + chosen : high + 1 + chosen - below;
    if (await isFree(port)) return port;
  }
}

/** Whether nobody listens on a port of 127.0.0.1. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
  server.close();
  await once(server, 'close');
  return true;
}
