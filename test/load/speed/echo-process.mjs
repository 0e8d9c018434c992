import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/**
 * Starts the yardstick in a process of its own.
 * @returns {Promise<{ url: string, pid: number, answer(name: string, body: unknown): void, stop(): Promise<void> }>}
 *   answer: what `GET /answers/<name>` gives from now on
 */
export async function startEcho() {
  const child = fork(join(import.meta.dirname, 'echo-server.mjs'), { execArgv: [] });
  const [{ port }] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => {
      throw new Error('The echo server ended before it listened.');
    }),
  ]);
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid ?? Number.NaN,
    answer(name, body) {
      child.send({ name, body });
    },
    async stop() {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}
