import { stat } from 'node:fs/promises';
import { Environment } from '@aegis/config';
import { DomainError } from '@aegis/errors';
import type { KeySet } from '@aegis/license-token';
import { Logger } from '@aegis/logging';
import { type Gauge, Metrics } from '@aegis/metrics';
import { Injectable } from '@nestjs/common';
import type { SigningKey } from '../ring/signing-key.entity';
import { KEY_SET_FILE, type KeySetInFile, keySetPath, readKeySetFile } from './key-set-file';
import { keySetContent, saysTheSame } from './signed-key-set';

const SOON_SECONDS = 7 * 86_400;

/** KEYS_DIR has no signed key set. */
export class NoSignedKeySet extends DomainError {
  readonly code = 'key_set_not_found';

  constructor() {
    super('This server has no signed key set.');
  }
}

/**
 * The signed key set in KEYS_DIR: checked every few seconds, read when it has changed, held in memory. Anything else
 * is never served. Only clients, which pin the root key, know whether it signed the key set.
 */
@Injectable()
export class ServedKeySet {
  private readonly path: string;
  private version = '';
  private served?: KeySetInFile;
  private logged = '';
  private readonly expiry: Gauge;
  private readonly isCurrent: Gauge;

  constructor(
    { KEYS_DIR }: Environment,
    private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.expiry = metrics.gauge({
      name: 'aegis_signed_key_set_expiry_timestamp_seconds',
      help: 'When the signed key set expires, in seconds since 1970; 0 without a key set.',
    });
    this.isCurrent = metrics.gauge({
      name: 'aegis_signed_key_set_current',
      help: 'Whether the signed key set agrees with the database about the keys: 1, or 0.',
    });
    this.path = keySetPath(KEYS_DIR);
  }

  /** @throws NoSignedKeySet */
  jwt(): string {
    if (!this.served) throw new NoSignedKeySet();
    return this.served.jwt;
  }

  /**
   * Looks whether the file has changed, and whether it says what the database does.
   * @param keys on record
   */
  async look(keys: readonly SigningKey[]): Promise<void> {
    await this.read();
    const { keySet } = this.served ?? {};
    const current = keySet !== undefined && saysTheSame(keySet, keySetContent(keys));
    this.expiry.set(keySet?.exp ?? 0);
    this.isCurrent.set(current ? 1 : 0);
    if (keySet) this.warn(keySet, current);
  }

  private async read(): Promise<void> {
    const version = await stat(this.path).then(
      ({ ino, size, mtimeMs, ctimeMs }) => [ino, size, mtimeMs, ctimeMs].join(),
      (error: unknown) => String((error as NodeJS.ErrnoException).code),
    );
    if (version === this.version) return;
    this.version = version;
    this.logged = '';
    this.served = version === 'ENOENT' ? undefined : await this.load();
  }

  private async load(): Promise<KeySetInFile | undefined> {
    try {
      const read = await readKeySetFile(this.path);
      if (!('malformed' in read)) return read;
      this.logger.write(
        'error',
        `${KEY_SET_FILE} in KEYS_DIR is not a signed key set, and is not served: ${read.malformed}`,
      );
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const remedy = code === 'EACCES' ? ": give it to the server's user or group, or chmod 644 it" : '';
      this.logger.write('error', `${KEY_SET_FILE} in KEYS_DIR can't be read, and is not served${remedy}`, {
        error,
      });
    }
    return undefined;
  }

  /** Logs each problem once. */
  private warn({ exp }: KeySet, current: boolean): void {
    const left = exp - Date.now() / 1000;
    const age = left <= 0 ? 'has expired' : left < SOON_SECONDS ? 'expires within 7 days' : '';
    const content = current ? '' : 'disagrees with the database about which keys are trusted';
    const trouble = [age, content].filter((text) => text !== '').join(' and ');
    if (trouble !== '' && trouble !== this.logged)
      this.logger.write('warn', `the signed key set ${trouble}: sign a new one (\`aegis keys root sign\`)`);
    this.logged = trouble;
  }
}
