import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { freePort } from '../processes/free-port';
import { until } from '../until';

/** As docs/signers.md shows it. */
const POLICY = `path "transit/keys/aegis" { capabilities = ["read"] }
path "transit/sign/aegis" { capabilities = ["update"] }`;

/** A real OpenBao or Vault in dev mode on loopback, all in memory, with a transit key and an AppRole for it. */
export class OpenBao {
  readonly roleId: string;
  readonly secretId: string;
  private frozen = false;

  private constructor(
    private readonly binary: string,
    private readonly server: ChildProcess,
    readonly url: string,
    private readonly token: string,
  ) {
    this.command('secrets', 'enable', 'transit');
    this.rotate('write', '-f', 'transit/keys/aegis', 'type=ed25519');
    this.command('auth', 'enable', 'approle');
    execFileSync(binary, ['policy', 'write', 'aegis', '-'], { env: this.env, input: POLICY });
    this.command('write', 'auth/approle/role/aegis', 'token_policies=aegis', 'token_ttl=1h');
    this.roleId = this.command('read', '-field=role_id', 'auth/approle/role/aegis/role-id');
    this.secretId = this.command('write', '-f', '-field=secret_id', 'auth/approle/role/aegis/secret-id');
  }

  /** @param binary `bao` or `vault` */
  static async start(binary: string): Promise<OpenBao> {
    const token = randomBytes(16).toString('hex');
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const server = spawn(
      binary,
      [
        ...['server', '-dev', '-dev-no-store-token'],
        ...[`-dev-listen-address=127.0.0.1:${port}`, `-dev-root-token-id=${token}`],
      ],
      { stdio: 'ignore' },
    );
    await until('it is unsealed', () =>
      fetch(`${url}/v1/sys/health`).then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
    return new OpenBao(binary, server, url, token);
  }

  rotate(...command: readonly string[]): void {
    this.command(...(command.length > 0 ? command : ['write', '-f', 'transit/keys/aegis/rotate']));
  }

  /** Takes connections and answers none, or continues. */
  freeze(frozen: boolean): void {
    this.frozen = frozen;
    this.server.kill(frozen ? 'SIGSTOP' : 'SIGCONT');
  }

  async stop(): Promise<void> {
    if (this.frozen) this.freeze(false);
    const ended = once(this.server, 'exit');
    this.server.kill('SIGKILL');
    await ended;
  }

  private get env(): Record<string, string | undefined> {
    const address = { BAO_ADDR: this.url, VAULT_ADDR: this.url };
    return { PATH: process.env.PATH, ...address, BAO_TOKEN: this.token, VAULT_TOKEN: this.token };
  }

  private command(...args: readonly string[]): string {
    return execFileSync(this.binary, args, { env: this.env, encoding: 'utf8' }).trim();
  }
}
