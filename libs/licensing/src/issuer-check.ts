import { Environment } from '@aegis/config';
import { sqlState, SqlState } from '@aegis/database';
import { Logger } from '@aegis/logging';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { hasStatusSql } from './state/license-status';

/** For one look at the licenses of an issuer: a start must not wait for a table of a million rows. */
const PATIENCE_MS = 2000;

/**
 * Warns at a start when licenses that count carry an issuer that this process does not accept: they validate as
 * ISSUER_MISMATCH. Issuers are on record since the first of their licenses, so usually nothing is looked for.
 */
@Injectable()
export class IssuerCheck implements OnApplicationBootstrap {
  constructor(
    private readonly dataSource: DataSource,
    private readonly environment: Environment,
    private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { LICENSE_ISSUER: own, ACCEPTED_ISSUERS: others = [] } = this.environment as Partial<Environment>;
    // A command that neither issues nor judges does without.
    if (own === undefined) return;
    const accepted = [own, ...others];
    await this.dataSource.query(
      `INSERT INTO license_issuers (issuer) SELECT DISTINCT unnest($1::text[]) ON CONFLICT (issuer) DO NOTHING`,
      [accepted],
    );
    const foreign = await this.dataSource.query<{ issuer: string }[]>(
      'SELECT issuer FROM license_issuers WHERE issuer <> ALL($1) ORDER BY issuer LIMIT 1000',
      [accepted],
    );
    for (const { issuer } of foreign)
      if (await this.mayHaveLicenses(issuer))
        this.logger.write(
          'warn',
          `active licenses were issued as ${issuer}, which this server does not accept: they validate as ISSUER_MISMATCH. Add it to ACCEPTED_ISSUERS, or set LICENSE_ISSUER to it`,
          { issuer },
        );
  }

  /** @returns true as well when it can't be told in time */
  private mayHaveLicenses(issuer: string): Promise<boolean> {
    return this.dataSource
      .transaction(async (tx) => {
        await tx.query(`SELECT set_config('statement_timeout', $1, true)`, [`${PATIENCE_MS}ms`]);
        const [row] = await tx.query<{ found: boolean }[]>(
          `SELECT EXISTS (SELECT FROM licenses
                           WHERE ${hasStatusSql('active', 'licenses')}
                             AND license_token_issuer(token) = $1) AS found`,
          [issuer],
        );
        return row?.found === true;
      })
      .catch((error: unknown) => {
        if (sqlState(error) === SqlState.queryCanceled) return true;
        throw error;
      });
  }
}
