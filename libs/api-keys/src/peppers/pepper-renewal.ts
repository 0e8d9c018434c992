import { lockByIdSql } from '@aegis/database';
import { Jobs, WriteBehind } from '@aegis/jobs';
import { Logger } from '@aegis/logging';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { KeyHash } from './peppers';

const PAUSE_MS = 2000;

interface Renewal {
  /** The stored hash. It must still be stored when the new hash replaces it. */
  replaced: Buffer;
  renewed: KeyHash;
}

/**
 * Hashes keys with the current pepper when they are used, so that an older pepper can be dropped and nobody needs a
 * new key. Each key is written once.
 */
@Injectable()
export class PepperRenewal extends WriteBehind<string, Renewal> {
  constructor(
    private readonly dataSource: DataSource,
    jobs: Jobs,
    logger: Logger,
  ) {
    super(jobs, logger, {
      name: 'api-key-peppers',
      pauseMs: PAUSE_MS,
      failure: 'API keys could not be moved to the current pepper; this is retried',
      refusal: 'the database refused a write about an API key; it is dropped',
    });
  }

  /**
   * Notes that the hash of a key must be stored differently.
   * @param replaced hash that the presented key matched
   * @param renewed hash of the same key under the current pepper
   */
  renew(keyId: string, replaced: Buffer, renewed: KeyHash): void {
    this.collect(keyId, { replaced, renewed });
  }

  protected merge(_: Renewal, latest: Renewal): Renewal {
    return latest;
  }

  protected async write(taken: ReadonlyMap<string, Renewal>): Promise<void> {
    const renewals = [...taken.values()];
    // A key that was rotated meanwhile has another hash: it stays as it is. The order of ids and the columns that
    // stay are those of the uses.
    await this.dataSource.query(
      `WITH locked AS (
         ${lockByIdSql({ columns: 'id', table: 'api_keys', strength: 'NO KEY UPDATE' })}
       )
       UPDATE api_keys SET hash = renewal.hash, pepper_version = renewal.pepper_version
         FROM unnest($1::text[], $2::bytea[], $3::bytea[], $4::text[])
              AS renewal (id, replaced, hash, pepper_version)
         JOIN locked USING (id)
        WHERE api_keys.id = renewal.id AND api_keys.hash = renewal.replaced`,
      [
        [...taken.keys()],
        renewals.map(({ replaced }) => replaced),
        renewals.map(({ renewed }) => renewed.hash),
        renewals.map(({ renewed }) => renewed.pepperVersion),
      ],
    );
  }
}
