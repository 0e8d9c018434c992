import { ConfigurationError } from '@aegis/errors';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { timingSafeEqual } from 'node:crypto';
import { DataSource } from 'typeorm';
import { Peppers } from './peppers';

/**
 * Holds a process to the peppers that the database's API keys were hashed with. The first process that has a version
 * puts its check value on record; of several that start at once with different secrets, one continues.
 */
@Injectable()
export class PepperChecks implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly peppers: Peppers,
  ) {}

  /** @throws ConfigurationError that names each version whose secret is another one than on record, never a secret */
  async onModuleInit(): Promise<void> {
    const given = this.peppers.checkValues();
    await this.dataSource.query(
      `INSERT INTO pepper_checks (version, check_value)
       SELECT version, check_value FROM unnest($1::text[], $2::bytea[]) AS given (version, check_value)
       ORDER BY version ON CONFLICT (version) DO NOTHING`,
      [given.map(({ version }) => version), given.map(({ value }) => value)],
    );
    // A statement of its own: one that was recorded meanwhile is seen only by the next snapshot.
    const recorded = await this.dataSource.query<{ version: string; check_value: Buffer }[]>(
      'SELECT version, check_value FROM pepper_checks WHERE version = ANY($1)',
      [given.map(({ version }) => version)],
    );
    const values = new Map(recorded.map(({ version, check_value }) => [version, check_value]));
    const wrong = given.filter(({ version, value }) => {
      const known = values.get(version);
      return known?.length !== value.length || !timingSafeEqual(known, value);
    });
    if (wrong.length === 0) return;
    const versions = wrong.map(({ version }) => version).join(', ');
    throw new ConfigurationError(
      `API_KEY_PEPPERS: the secret given for ${versions} is not the one that this database knows under that version: every API key under it would be refused. Give the right secret. If it is lost, give the new secret a version that was never used, and make new API keys.`,
    );
  }

  /** Versions that were used, some thousand at most: none of them is given to another secret. */
  async versions(): Promise<string[]> {
    const rows = await this.dataSource.query<{ version: string }[]>(
      'SELECT version FROM pepper_checks ORDER BY recorded_at, version LIMIT 1000',
    );
    return rows.map(({ version }) => version);
  }
}
