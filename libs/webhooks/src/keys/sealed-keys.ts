import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { EndpointKeyBox } from './endpoint-key-box';
import { sealedVersion, SecretsKeys } from './secrets-keys';

interface SealedRow {
  id: string;
  keys: string;
  previous_keys: string | null;
}

/** All encrypted keys of webhooks: under which version of SECRETS_KEY they are, and how they get under the current one. */
@Injectable()
export class SealedEndpointKeys {
  constructor(
    private readonly dataSource: DataSource,
    private readonly secretsKeys: SecretsKeys,
    private readonly keyBox: EndpointKeyBox,
  ) {}

  /** How many webhooks need each version, for those that are needed. */
  async byVersion(): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    for (const { keys, previous_keys: previous } of await this.rows())
      for (const version of new Set([keys, ...(previous === null ? [] : [previous])].map(sealedVersion)))
        counts.set(version, (counts.get(version) ?? 0) + 1);
    return counts;
  }

  /**
   * Encrypts all keys under the current version that are under an older one. Does nothing without SECRETS_KEY.
   * @throws what `EndpointKeyBox.open` throws, once all others are renewed
   */
  async renew(): Promise<void> {
    const { currentVersion } = this.secretsKeys;
    if (currentVersion === undefined) return;
    const failures: unknown[] = [];
    for (const row of await this.rows())
      await this.renewRow(row, currentVersion).catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }

  private async renewRow({ id, keys, previous_keys: previous }: SealedRow, current: string): Promise<void> {
    const isOld = (sealed: string | null): sealed is string =>
      sealed !== null && sealedVersion(sealed) !== current;
    if (!isOld(keys) && !isOld(previous)) return;
    const renewed = isOld(keys) ? ((await this.keyBox.renew(id, keys)) ?? keys) : keys;
    const renewedPrevious = isOld(previous)
      ? ((await this.keyBox.renew(id, previous)) ?? previous)
      : previous;
    // One that was rotated meanwhile has other keys: it stays as it is.
    await this.dataSource.query(
      `UPDATE webhook_endpoints SET keys = $2, previous_keys = $3
       WHERE id = $1 AND keys = $4 AND previous_keys IS NOT DISTINCT FROM $5`,
      [id, renewed, renewedPrevious, keys, previous],
    );
  }

  private rows(): Promise<SealedRow[]> {
    return this.dataSource.query(
      'SELECT id, keys, previous_keys FROM webhook_endpoints WHERE deleted_at IS NULL ORDER BY id',
    );
  }
}
