import type { Socket } from 'node:net';

/**
 * Whether a connection is reset (RST) or ended in order (FIN). Node may report either as an end, because libuv does not
 * read on when it was hung up; only a connection that was ended in order can still be written to.
 * @param socket with `allowHalfOpen`
 */
export function howItEnds(socket: Socket): Promise<'reset' | 'in order'> {
  return new Promise((resolve) => {
    socket.once('error', () => {
      resolve('reset');
    });
    socket.once('end', () => {
      socket.write('x', (error) => {
        resolve(error ? 'reset' : 'in order');
        socket.destroy();
      });
    });
  });
}
