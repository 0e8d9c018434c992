import { readVersionedSecrets } from '@aegis/config';
import type { SecretCheck } from '@aegis/database';
import { compactDecrypt, CompactEncrypt, decodeProtectedHeader } from 'jose';
import { createHmac, hkdfSync } from 'node:crypto';

const KEY_BYTES = 32;
/** What the key is derived for (RFC 5869): a secret that is used for something else makes another key. */
const LABEL = 'aegis keys of webhooks 1';
/** What a check value is made of. */
const CHECKED_TEXT = 'aegis check of a secrets key';

/** Encrypts what only servers with the same SECRETS_KEY may read. */
export class SecretsKeys {
  private readonly keys: ReadonlyMap<string, Buffer>;
  private readonly checks: readonly SecretCheck[];

  /** The version that new texts are encrypted under; undefined where there is no SECRETS_KEY. */
  readonly currentVersion: string | undefined;

  /** @param settings SECRETS_KEY, validated: `v2:<secret>` each, the current one first; none where there is no such setting */
  constructor(settings: readonly string[]) {
    const secrets = readVersionedSecrets(settings);
    this.currentVersion = secrets[0]?.version;
    this.keys = new Map(
      secrets.map(({ version, secret }) => [
        version,
        Buffer.from(hkdfSync('sha256', secret, '', LABEL, KEY_BYTES)),
      ]),
    );
    this.checks = secrets.map(({ version, secret }) => ({
      version,
      value: createHmac('sha256', secret).update(CHECKED_TEXT).digest(),
    }));
  }

  /** Of all versions, the current one first. */
  get versions(): string[] {
    return [...this.keys.keys()];
  }

  /** What each secret makes of a constant: it distinguishes secrets without revealing them. */
  checkValues(): readonly SecretCheck[] {
    return this.checks;
  }

  /**
   * Encrypts a text under the current version, with AES-256-GCM.
   * @param owner what it belongs to: opened for another one, it is refused
   * @returns a compact JWE (RFC 7516); undefined where there is no SECRETS_KEY
   */
  async seal(text: string, owner: string): Promise<string | undefined> {
    const version = this.currentVersion;
    const key = version === undefined ? undefined : this.keys.get(version);
    if (key === undefined) return undefined;
    return new CompactEncrypt(Buffer.from(text))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: version, owner })
      .encrypt(key);
  }

  /**
   * Decrypts what `seal` made.
   * @returns undefined where its version is not in SECRETS_KEY
   * @throws when it was changed, or belongs to another owner
   */
  async open(sealed: string, owner: string): Promise<string | undefined> {
    const key = this.keys.get(sealedVersion(sealed));
    if (key === undefined) return undefined;
    const { plaintext, protectedHeader } = await compactDecrypt(sealed, key, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    if (protectedHeader.owner !== owner) throw new Error('the sealed text belongs to something else');
    return Buffer.from(plaintext).toString();
  }
}

/**
 * The version that a text was encrypted under.
 * @throws when it is not a compact JWE
 */
export function sealedVersion(sealed: string): string {
  return String(decodeProtectedHeader(sealed).kid);
}
