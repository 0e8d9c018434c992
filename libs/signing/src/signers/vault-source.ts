import type { TransitKey } from '@aegis/config';
import { ConfigurationError } from '@aegis/errors';
import type { KeyObject } from 'node:crypto';
import type { OpenedKey, SignerSource } from './signer-source';
import { pick } from './json-request';
import { ed25519PublicKey, keyOpeningError, RemoteFailure } from './remote-failure';
import type { RemoteKey } from './remote-key';
import type { SignerGuard } from './signer-guard';
import { VaultSession } from './vault-session';

const ADVICE =
  'Check VAULT_ADDR, the login, VAULT_TRANSIT_MOUNT, VAULT_KEYS and the policy (docs/signers.md).';

export interface VaultSourceOptions {
  session: VaultSession;
  /** Where the transit engine is mounted. */
  mount: string;
  keys: readonly TransitKey[];
  guard: SignerGuard;
  /** Longest that Vault may take to describe a key, in milliseconds. */
  openTimeoutMs: number;
}

/** What a kid stands for. */
interface KeyVersion {
  name: string;
  version: number;
}

/** Keys in the transit engine of HashiCorp Vault or OpenBao. They never leave it. */
export class VaultSource implements SignerSource {
  constructor(private readonly options: VaultSourceOptions) {}

  get isAway(): boolean {
    return this.options.guard.isAway;
  }

  async kids(): Promise<readonly string[]> {
    const found = await this.asking(async (signal) => {
      const names = new Set(this.options.keys.map(({ name }) => name));
      const versions = new Map<string, ReadonlyMap<number, KeyObject>>();
      for (const name of names) versions.set(name, await this.versions(name, signal));
      return this.options.keys.flatMap(({ name, pinned }) => {
        const known = [...(versions.get(name)?.keys() ?? [])];
        if (pinned === undefined) return known.map((version) => `${name}-v${version}`);
        return known.includes(pinned.version) ? [pinned.kid] : [];
      });
    });
    return [...new Set(found)].sort();
  }

  async open(kid: string): Promise<OpenedKey> {
    const key = this.keyVersion(kid);
    const versions = await this.asking((signal) => this.versions(key.name, signal));
    const publicKey = versions.get(key.version);
    if (publicKey === undefined)
      throw new ConfigurationError(
        `Vault's key ${key.name} has no Ed25519 version ${key.version} that signs, which ${kid} stands for. ${ADVICE}`,
      );
    const remote: RemoteKey = { kid, publicKey, sign: (input, signal) => this.sign(key, input, signal) };
    return { signer: this.options.guard.guard(remote), publicKey, warning: null };
  }

  close(): Promise<void> {
    this.options.guard.close();
    return Promise.resolve();
  }

  private keyVersion(kid: string): KeyVersion {
    for (const { name, pinned } of this.options.keys)
      if (pinned?.kid === kid) return { name, version: pinned.version };
    for (const { name, pinned } of this.options.keys) {
      const [, version] = /^-v([1-9]\d*)$/.exec(kid.startsWith(name) ? kid.slice(name.length) : '') ?? [];
      if (pinned === undefined && version !== undefined) return { name, version: Number(version) };
    }
    throw new ConfigurationError(`VAULT_KEYS names no key for ${kid}.`);
  }

  /** Versions of a key that sign, by number. */
  private async versions(name: string, signal: AbortSignal): Promise<ReadonlyMap<number, KeyObject>> {
    const path = `${this.options.mount}/keys/${encodeURIComponent(name)}`;
    const body = await this.options.session.request(path, undefined, signal);
    const type = pick(body, 'data', 'type');
    if (typeof type !== 'string') throw new RemoteFailure(`Vault did not describe the key ${name}.`);
    if (type !== 'ed25519')
      throw new ConfigurationError(`Vault's key ${name} is not an ed25519 key, but ${type.slice(0, 40)}.`);
    // Older versions only verify.
    const oldest = Number(pick(body, 'data', 'min_encryption_version') ?? 0);
    return new Map(
      Object.entries(pick(body, 'data', 'keys') ?? {})
        .filter(([version]) => Number(version) >= oldest)
        .map(([version, key]) => [
          Number(version),
          ed25519PublicKey(Buffer.from(String(pick(key, 'public_key')), 'base64')),
        ]),
    );
  }

  private async sign(
    { name, version }: KeyVersion,
    input: Uint8Array,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const path = `${this.options.mount}/sign/${encodeURIComponent(name)}`;
    const question = { input: Buffer.from(input).toString('base64'), key_version: version };
    const signature = pick(await this.options.session.request(path, question, signal), 'data', 'signature');
    const [, signedBy, base64 = ''] = /^vault:v(\d+):([A-Za-z0-9+/=]+)$/.exec(String(signature)) ?? [];
    if (Number(signedBy) !== version)
      throw new RemoteFailure(`Vault returned no signature by version ${version} of ${name}.`);
    return Buffer.from(base64, 'base64');
  }

  private async asking<T>(ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await ask(AbortSignal.timeout(this.options.openTimeoutMs));
    } catch (error) {
      throw keyOpeningError(error, ADVICE);
    }
  }
}
