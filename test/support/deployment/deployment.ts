import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../until';
import { PATIENCE } from '../patience';
import { CertificateAuthority } from '../processes/certificates';
import { freePort, isFree } from '../processes/free-port';
import { RedisServer } from '../processes/redis-server';
import { blocksOf } from '../pages';
import { outcomeOf, type Outcome } from '../containers/podman';
import { probeAt } from '../processes/server-process';
import { Child } from './child';
import { DebianPostgres } from './debian-postgres';
import { Load } from './load';
import { Monitoring } from './monitoring';
import { HOST_NAME, startNginx } from './nginx';
import { readUnit, type Unit } from './unit';

const PRODUCTION = 'docs/production.md';
const SEVERAL = 'docs/several-servers.md';

/** A server that runs: a process, or a container. */
export interface Replica {
  /** Asks it to end, and waits.  @returns its exit code */
  stop(): Promise<number | null>;
  /** Ends it in the middle of whatever it does. */
  kill(): Promise<void>;
  /** What it said last. */
  output(): string;
  hasEnded(): boolean;
}

/** Starts a server as its unit says. */
export type StartReplica = (unit: Unit, folder: string) => Promise<Replica>;

/** A server as a process on this machine. */
export const startProcess: StartReplica = (unit, folder) => {
  const [program = '', ...args] = unit.command;
  const child = new Child(program, args, { cwd: folder, env: { PATH: process.env.PATH, ...unit.settings } });
  return Promise.resolve({
    stop: () => child.end('SIGTERM'),
    kill: async () => {
      await child.end('SIGKILL');
    },
    output: () => child.output,
    hasEnded: () => child.hasEnded,
  });
};

export interface Releases {
  /** Checkouts that are built. */
  previous: string;
  next: string;
  /** How servers of the next release are started. */
  startNext: StartReplica;
  /** Whether Prometheus and Alertmanager shorten their pauses, and servers wait longer for a machine that is busy. */
  isShort: boolean;
}

/**
 * A deployment as docs/production.md and docs/several-servers.md describe it, made by their commands, on one machine: two
 * servers behind nginx with TLS, PostgreSQL with verified TLS, Redis, Prometheus and Alertmanager. It begins with the
 * previous release.
 */
export class Deployment {
  readonly folder = mkdtempSync(join(tmpdir(), 'aegis-deployment-'));
  readonly replicas = new Map<number, Replica>();
  /** Exit codes of servers that were asked to end. */
  readonly exitCodes: (number | null)[] = [];
  /** What must not be readable in a list of processes. */
  readonly secrets: string[] = [];
  readonly authority = new CertificateAuthority('P-256');
  postgres!: DebianPostgres;
  monitoring!: Monitoring;
  load!: Load;
  ports: [number, number] = [0, 0];
  private isUpgraded = false;
  private control!: Server;
  private readonly undo: (() => unknown)[] = [];

  private constructor(private readonly releases: Releases) {}

  static async start(releases: Releases): Promise<Deployment> {
    const deployment = new Deployment(releases);
    try {
      await deployment.start();
    } catch (error) {
      await deployment.close();
      throw error;
    }
    return deployment;
  }

  private async start(): Promise<void> {
    this.undo.push(() => {
      rmSync(this.folder, { recursive: true, force: true });
    });
    // The user of PostgreSQL has its folder in it.
    chmodSync(this.folder, 0o755);
    for (const name of ['bin', 'opt', 'etc', 'data']) mkdirSync(join(this.folder, name));
    symlinkSync(this.releases.previous, join(this.folder, 'opt/aegis-previous'));
    symlinkSync(this.releases.next, join(this.folder, 'opt/aegis-next'));
    symlinkSync(this.releases.previous, join(this.folder, 'opt/aegis'));
    symlinkSync(join(this.folder, 'opt/aegis/dist/apps/cli/src/main.js'), join(this.folder, 'bin/aegis'));
    for (const release of [this.releases.previous, this.releases.next])
      chmodSync(join(release, 'dist/apps/cli/src/main.js'), 0o755);
    const [admin, redisPassword] = [this.secret(), this.secret()];
    const certificate = join(this.folder, 'etc/ca.crt');
    writeFileSync(certificate, this.authority.certificate, { mode: 0o644 });
    this.postgres = await DebianPostgres.start(this.folder, this.authority, admin);
    this.undo.push(() => this.postgres.close());
    const redis = await RedisServer.start(redisPassword);
    this.undo.push(() => redis.kill());
    writeFileSync(join(this.folder, 'etc/redis-password'), redisPassword, { mode: 0o600 });
    await this.startControl();
    this.ports = [await portWithMetrics(), await portWithMetrics()];
    const tls = `sslmode=verify-full&sslrootcert=${certificate}`;
    const address = `localhost:${this.postgres.port}`;
    const production = blocksOf(PRODUCTION);
    const afterStart = production.findIndex((block) => block.includes('/health/ready'));
    await this.run(
      [
        ...production.slice(0, afterStart - 1),
        blockWith(SEVERAL, 'sh', 'redis-url'),
        ...production.slice(afterStart - 1, afterStart),
      ].join('\n'),
      {
        PGPASSWORD: admin,
        PGSSLROOTCERT: certificate,
        ADMIN_URL: `postgres://postgres@${address}/postgres?sslmode=verify-full`,
        DB: `${address}/aegis?${tls}`,
        REDIS: new URL(redis.url).host,
        REDIS_SCHEME: 'redis',
      },
    );
    if (this.releases.isShort)
      appendFileSync(
        join(this.folder, 'etc/aegis.env'),
        Object.entries(PATIENCE)
          .map(([name, value]) => `${name}=${value}\n`)
          .join(''),
      );
    for (const port of this.ports) await this.startReplica(port);
    for (const port of this.ports) await this.ready(port);
    const port = await freePort();
    const nginx = await startNginx(this.folder, this.authority, { port, upstreams: this.ports });
    this.undo.push(() => nginx.end('SIGTERM'));
    this.monitoring = await Monitoring.start(
      this.folder,
      this.ports.map(metricsAddress),
      this.releases.isShort,
    );
    this.undo.push(() => this.monitoring.close());
    this.load = new Load({
      port,
      hostName: HOST_NAME,
      ca: this.authority.certificate,
      apiKey: await this.makeApiKey(),
    });
    this.undo.push(() => {
      this.load.close();
    });
    await this.load.prepare();
  }

  /** Runs the upgrade of docs/several-servers.md. */
  upgrade(): Promise<Outcome> {
    this.isUpgraded = true;
    return this.run(blockWith(SEVERAL, 'sh', 'systemctl restart'), {
      VERSION: 'next',
      PORTS: this.ports.join(' '),
    });
  }

  /** Runs `aegis` of the link with the settings of the deployment. */
  aegis(command: string): Promise<Outcome> {
    return this.run(`${blockWith(PRODUCTION, 'sh', 'set -a')}\naegis ${command}`, {});
  }

  async startReplica(port: number): Promise<void> {
    const unit = readUnit(this.here(blockWith(SEVERAL, 'ini', 'ExecStart=')), String(port));
    const start = this.isUpgraded ? this.releases.startNext : startProcess;
    this.replicas.set(port, await start(unit, this.folder));
  }

  async ready(port: number): Promise<void> {
    await until(`the server on ${port} is ready`, async () => {
      const replica = this.replicas.get(port);
      if (replica?.hasEnded() !== false) throw new Error(`the server ended:\n${replica?.output()}`);
      return (await probeAt(`http://127.0.0.1:${port}`, 'ready')) === 200;
    });
  }

  /** Version that each server says it is. */
  async versions(): Promise<unknown[]> {
    return Promise.all(
      this.ports.map(async (port) => {
        const answer = await fetch(`http://127.0.0.1:${port}/health`);
        return ((await answer.json()) as { version: unknown }).version;
      }),
    );
  }

  async close(): Promise<void> {
    for (const replica of this.replicas.values()) await replica.kill();
    for (const undo of this.undo.reverse()) await undo();
  }

  /** Stands for systemd: a script named systemctl asks this process to restart a server. */
  private async startControl(): Promise<void> {
    this.control = createServer((request, response) => {
      const [, verb, port] = /^\/(\w+)\/aegis@(\d+)$/.exec(request.url ?? '') ?? [];
      const restart = async (): Promise<void> => {
        const replica = this.replicas.get(Number(port));
        if (verb !== 'restart' || replica === undefined) throw new Error(`systemctl ${request.url}`);
        this.exitCodes.push(await replica.stop());
        await this.startReplica(Number(port));
      };
      restart().then(
        () => response.end(),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
    });
    this.control.listen(0, '127.0.0.1');
    await once(this.control, 'listening');
    const { port } = this.control.address() as AddressInfo;
    writeFileSync(
      join(this.folder, 'bin/systemctl'),
      `#!/bin/sh\nexec curl -sf --max-time 120 "http://127.0.0.1:${port}/$1/$2"\n`,
      { mode: 0o755 },
    );
    this.undo.push(() => {
      this.control.close();
    });
  }

  private async makeApiKey(): Promise<string> {
    const { stdout } = await this.aegis(
      `api-keys create --name load --scopes admin --rate-limit 1000000 --json`,
    );
    const { key } = JSON.parse(stdout) as { key: string };
    this.secrets.push(key);
    return key;
  }

  private secret(): string {
    const secret = randomBytes(18).toString('hex');
    this.secrets.push(secret);
    return secret;
  }

  /** A page's text with this deployment's places in place of the system's. */
  private here(text: string): string {
    return text
      .replaceAll('/etc/aegis', join(this.folder, 'etc'))
      .replaceAll('/opt/aegis', join(this.folder, 'opt/aegis'))
      .replaceAll('/var/lib/aegis', join(this.folder, 'data'))
      .replaceAll('/usr/bin/node', process.execPath);
  }

  private async run(script: string, variables: Record<string, string>): Promise<Outcome> {
    const env = { PATH: `${join(this.folder, 'bin')}:${process.env.PATH}`, HOME: this.folder, ...variables };
    const outcome = await outcomeOf('bash', ['-euo', 'pipefail', '-c', this.here(script)], env, this.folder);
    if (outcome.code !== 0)
      throw new Error(`the commands ended with ${outcome.code}:\n${outcome.stdout}${outcome.stderr}`);
    return outcome;
  }
}

/** Where the metrics of the server on a port are: the unit puts a 1 before it. */
export function metricsAddress(port: number): string {
  return `127.0.0.1:1${port}`;
}

/** A port of four digits that is free, together with that of its metrics. */
async function portWithMetrics(): Promise<number> {
  for (;;) {
    const port = (await freePort()) % 10_000;
    if (port > 1024 && (await isFree(port)) && (await isFree(Number(`1${port}`)))) return port;
  }
}

/** The only block of a page in a language that has a text in it. */
function blockWith(page: string, language: string, part: string): string {
  const found = blocksOf(page, language).filter((block) => block.includes(part));
  if (found.length !== 1) throw new Error(`${page} has ${found.length} blocks with ${part}`);
  return found.join('');
}
