import { createPublicKey, type KeyObject } from 'node:crypto';
import { AuditLog, SYSTEM } from '@aegis/audit';
import { Environment } from '@aegis/config';
import { transaction } from '@aegis/database';
import { ConfigurationError } from '@aegis/errors';
import { Logger } from '@aegis/logging';
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { DataSource, In, type EntityManager } from 'typeorm';
import { chooseActiveKey } from './active-key-choice';
import { publicJwk, type Jwks } from './jwks';
import { readPublicKeys, writeKeyPair } from './key-files';
import type { Signer } from './signer';
import { type OpenedKey, SIGNER_SOURCE, type SignerSource } from './signer-source';
import { SigningKeyRegister } from './signing-key-register';
import { SigningKey } from './signing-key.entity';

const REREAD_INTERVAL_MS = 1000;

/** The keys of this server: which one signs, and with which its tokens are verified. */
@Injectable()
export class KeyRing implements OnModuleInit, OnModuleDestroy {
  // Only grows: a kid never gets another key, and compromised keys still tell genuine tokens from forged ones.
  private readonly publicKeys = new Map<string, KeyObject>();
  private signer?: Signer;
  private reread?: { startedAt: number; done: Promise<void> };

  constructor(
    private readonly dataSource: DataSource,
    private readonly environment: Environment,
    private readonly audit: AuditLog,
    private readonly logger: Logger,
    @Inject(SIGNER_SOURCE) private readonly source: SignerSource,
  ) {}

  onModuleInit(): Promise<void> {
    return this.load();
  }

  async onModuleDestroy(): Promise<void> {
    await this.source.close?.();
  }

  /**
   * Brings KEYS_DIR and the database together and opens the key that signs: public keys that the database lacks
   * are adopted as retired, the key that KEY_ID names becomes active. Processes that start at once agree, and each
   * change is made and recorded once. Needs the migrated database.
   * @throws {ConfigurationError} when a file and the database contradict each other, or the signing key is
   * missing, ambiguous, compromised, or can't be opened.
   */
  async load(): Promise<void> {
    const { signer, warning } = await transaction(this.dataSource, (tx) => this.agree(tx));
    if (warning !== null) this.logger.write('warn', warning);
    this.signer = signer;
    await this.refresh();
  }

  /**
   * Gives the key that a token's header names, whatever its state: whether it is trusted is the database's to say.
   * An unknown kid makes the table be read again, at most once a second: another process may have adopted it.
   * @param kid - as in the header; anything.
   * @returns undefined when it was never a key of this server.
   * @throws when the table can't be read.
   */
  async publicKey(kid: string): Promise<KeyObject | undefined> {
    const known = this.publicKeys.get(kid);
    if (known) return known;
    const now = performance.now();
    if (this.reread === undefined || now - this.reread.startedAt >= REREAD_INTERVAL_MS) {
      this.reread = { startedAt: now, done: this.refresh() };
    }
    await this.reread.done;
    return this.publicKeys.get(kid);
  }

  /** Gives the signer of the active key, as it was when this process started. */
  active(): Signer {
    if (!this.signer) throw new Error('The key ring is not loaded.');
    return this.signer;
  }

  /**
   * Describes, for verifiers, the keys that are trusted right now: pending, active and retired, oldest first.
   * Read from the database each time, so that a compromised key is gone at once.
   */
  async jwks(): Promise<Jwks> {
    const trusted = await this.dataSource.manager.find(SigningKey, {
      where: { state: In(['pending', 'active', 'retired']) },
      order: { created_at: 'ASC', kid: 'ASC' },
    });
    return { keys: trusted.map((key) => publicJwk(key.kid, keyObject(key))) };
  }

  private async agree(tx: EntityManager): Promise<OpenedKey> {
    const { KEYS_DIR: keysDir, KEY_ID: keyId, KEY_PASSPHRASE: passphrase, isProduction } = this.environment;
    const register = await SigningKeyRegister.hold(tx, this.audit, SYSTEM);
    const publicKeys = await readPublicKeys(keysDir);
    const { kid, toBeMade } = chooseActiveKey({
      keyId,
      knownKeys: register.known,
      privateKids: await this.source.kids(),
      publicKids: [...publicKeys.keys()],
      production: isProduction,
      month: await currentMonth(tx),
    });
    if (toBeMade) {
      if (passphrase === undefined) {
        throw new ConfigurationError('A signing key must be made: set KEY_PASSPHRASE.');
      }
      await writeKeyPair(keysDir, kid, passphrase);
      this.logger.write('info', 'signing key made', { kid });
    }
    const opened = await this.source.open(kid);
    publicKeys.delete(kid);
    await register.adopt(publicKeys);
    await register.activate(kid, opened.publicKey);
    return opened;
  }

  private async refresh(): Promise<void> {
    for (const key of await this.dataSource.manager.find(SigningKey)) {
      if (!this.publicKeys.has(key.kid)) this.publicKeys.set(key.kid, keyObject(key));
    }
  }
}

async function currentMonth(tx: EntityManager): Promise<string> {
  const [row] = await tx.query<{ month: string }[]>(
    `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM') AS month`,
  );
  if (!row) throw new Error('The database did not tell the time.');
  return row.month;
}

function keyObject({ public_key }: SigningKey): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: public_key }, format: 'jwk' });
}
