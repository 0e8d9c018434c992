import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../until';
import { freePort } from '../processes/free-port';
import type { KubernetesPrograms } from './programs';

/** How a command of kubectl ended. */
export interface KubectlResult {
  status: number | null;
  stdout: string;
  stderr: string;
}

/**
 * The API server of Kubernetes with its etcd, on loopback: it admits, validates and stores objects as a cluster does.
 * There is no controller and no node, so that nothing becomes of them.
 */
export class ApiServer {
  readonly folder = mkdtempSync(join(tmpdir(), 'aegis-api-server-'));
  private readonly running: ChildProcess[] = [];
  private log = '';

  private constructor(private readonly programs: KubernetesPrograms) {}

  static async start(programs: KubernetesPrograms): Promise<ApiServer> {
    const server = new ApiServer(programs);
    try {
      await server.start();
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  /** Of the file with which kubectl reaches it as an administrator. */
  get kubeconfig(): string {
    return join(this.folder, 'kubeconfig');
  }

  /** @param input for standard input */
  kubectl(args: readonly string[], input = ''): KubectlResult {
    const { status, stdout, stderr } = spawnSync(this.programs.kubectl, args, {
      cwd: this.folder,
      env: { PATH: process.env.PATH, HOME: this.folder, KUBECONFIG: this.kubeconfig },
      encoding: 'utf8',
      input,
      maxBuffer: 256 * 1024 * 1024,
    });
    return { status, stdout, stderr };
  }

  /** Runs a command that must succeed, and say nothing on standard error: warnings of the server stand there. */
  quietly(args: readonly string[], input = ''): string {
    const { status, stdout, stderr } = this.kubectl(args, input);
    if (status !== 0 || stderr !== '')
      throw new Error(`kubectl ${args.join(' ')} ended with ${status}: ${stderr}`);
    return stdout;
  }

  async close(): Promise<void> {
    for (const child of this.running.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async start(): Promise<void> {
    const [etcdPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
    const etcd = `http://127.0.0.1:${etcdPort}`;
    this.run(this.programs.etcd, [
      `--data-dir=${join(this.folder, 'etcd')}`,
      `--listen-client-urls=${etcd}`,
      `--advertise-client-urls=${etcd}`,
      `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
      `--initial-advertise-peer-urls=http://127.0.0.1:${peerPort}`,
      `--initial-cluster=default=http://127.0.0.1:${peerPort}`,
    ]);
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    this.secret('accounts.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    const token = randomBytes(24).toString('hex');
    this.secret('tokens.csv', `${token},admin,admin,system:masters\n`);
    this.run(this.programs.apiServer, [
      `--etcd-servers=${etcd}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      '--endpoint-reconciler-type=none',
      `--secure-port=${port}`,
      `--cert-dir=${join(this.folder, 'certificates')}`,
      '--service-cluster-ip-range=10.0.0.0/24',
      `--service-account-key-file=${join(this.folder, 'accounts.pem')}`,
      `--service-account-signing-key-file=${join(this.folder, 'accounts.pem')}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--token-auth-file=${join(this.folder, 'tokens.csv')}`,
      '--authorization-mode=RBAC',
      // Nobody makes the account `default` of a namespace: that is a controller's work.
      '--disable-admission-plugins=ServiceAccount',
      // What refuses a privileged container is to be the pod security standard alone.
      '--allow-privileged=true',
    ]);
    this.secret(
      'kubeconfig',
      kubeconfig(`https://127.0.0.1:${port}`, join(this.folder, 'certificates/apiserver.crt'), token),
    );
    await until('the API server is ready', () => {
      if (this.running.some(({ exitCode }) => exitCode !== null)) throw new Error(this.log);
      return Promise.resolve(this.kubectl(['get', '--raw', '/readyz']).status === 0);
    });
  }

  private run(program: string, args: readonly string[]): void {
    const child = spawn(program, args, { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (text: Buffer): void => {
      this.log = (this.log + text.toString()).slice(-8192);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    this.running.push(child);
  }

  private secret(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text, { mode: 0o600 });
  }
}

function kubeconfig(server: string, certificateAuthority: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority': certificateAuthority } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  });
}
