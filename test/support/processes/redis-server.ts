import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { freePort } from './free-port';
import { until } from '../until';

export const hasRedis = spawnSync('redis-server', ['--version']).error === undefined;

/** A real redis-server on loopback, with nothing kept on disk. */
export class RedisServer {
  private process: ChildProcess | undefined;

  private constructor(
    private readonly port: number,
    private readonly password: string,
  ) {}

  /** @param password which clients must give */
  static async start(password: string): Promise<RedisServer> {
    const redis = new RedisServer(await freePort(), password);
    await redis.start();
    return redis;
  }

  get url(): string {
    return `redis://:${this.password}@127.0.0.1:${this.port}`;
  }

  /** Starts it, again on the same port and empty. */
  async start(): Promise<void> {
    this.process = spawn('redis-server', ['-'], { stdio: ['pipe', 'ignore', 'inherit'] });
    this.process.stdin?.end(
      `port ${this.port}\nbind 127.0.0.1\nsave ""\nappendonly no\nrequirepass ${this.password}\n`,
    );
    await until('redis-server listens', () => listens(this.port));
  }

  /** Stops it in the middle of whatever it does: connections stay open, and nothing answers. */
  freeze(): void {
    this.process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.process?.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    if (this.process?.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await ended;
  }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
