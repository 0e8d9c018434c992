import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const MODULE = '/usr/lib/softhsm/libsofthsm2.so';

/** Debian's softhsm2 and opensc, and what compiles the addon. */
export const hasSoftHsm =
  existsSync(MODULE) &&
  ['pkcs11-tool', 'softhsm2-util', 'g++', 'make', 'python3'].every(
    (tool) => spawnSync(tool, ['--version']).error === undefined,
  );

/** Tokens of SoftHSM2 in the folder of SOFTHSM2_CONF, and the addon that reaches them. */
export class SoftHsm {
  readonly module = MODULE;
  readonly pin = '648219';
  private readonly folder: string;
  private tokens = 0;

  /** @param conf path that SOFTHSM2_CONF names; its folder is this object's own */
  constructor(private readonly conf: string) {
    this.folder = dirname(conf);
    mkdirSync(join(this.folder, 'tokens'), { recursive: true });
    writeFileSync(
      conf,
      `directories.tokendir = ${join(this.folder, 'tokens')}\nobjectstore.backend = file\n`,
    );
  }

  /** Where packages are that only this needs. */
  get nodePath(): string {
    return join(this.folder, 'node_modules');
  }

  get addon(): string {
    return join(this.nodePath, 'pkcs11js');
  }

  /** Compiles the addon, as docs/signers.md says. */
  installAddon(): void {
    writeFileSync(join(this.folder, 'package.json'), '{"private":true}');
    execFileSync(
      'npm',
      // Under `npm run` npm would take the checkout for the place to install to.
      [
        'install',
        '--prefix',
        this.folder,
        '--no-save',
        '--ignore-scripts=false',
        '--no-audit',
        '--no-fund',
        'pkcs11js@2.1.7',
      ],
      { cwd: this.folder, stdio: ['ignore', 'ignore', 'pipe'] },
    );
  }

  /** @returns label of a new token */
  makeToken(): string {
    this.tokens += 1;
    const label = `aegis-${this.tokens}`;
    const secrets = ['--so-pin', '84620137', '--pin', this.pin];
    this.run('softhsm2-util', ['--init-token', '--free', '--label', label, ...secrets]);
    return label;
  }

  makeKey(token: string, kid: string): void {
    const id = Buffer.from(kid).toString('hex');
    const where = ['--module', this.module, '--token-label', token, '--login', '--pin', this.pin];
    this.run('pkcs11-tool', [
      ...where,
      ...['--keypairgen', '--key-type', 'EC:edwards25519', '--sensitive', '--label', kid, '--id', id],
    ]);
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private run(command: string, args: readonly string[]): void {
    execFileSync(command, args, {
      env: { ...process.env, SOFTHSM2_CONF: this.conf },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  }
}
