import { Environment } from '@aegis/config';
import { limitStatements, sqlState, SqlState } from '@aegis/database';
import { Logger } from '@aegis/logging';
import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { hasStatusSql } from './state/license-status';

/** Time limit for all look-ups together, however many issuers are on record and however long the tokens are. */
const PATIENCE_MS = 5000;
/** Issuers that are looked for: anyone who has the database role can write any number. */
const MOST_ISSUERS = 100;

/**
 * Warns at a start when active licenses have an issuer that this process does not accept: they validate as
 * ISSUER_MISMATCH. Each issuer is on record from its first license on, so usually nothing is searched. The start does
 * not wait for it.
 */
@Injectable()
export class IssuerCheck implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

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
    this.running = this.warnOfOthers(accepted).catch((error: unknown) => {
      this.logger.write('warn', 'could not check whether active licenses have other issuers', { error });
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    await this.settled();
  }

  /** Resolves when the licenses have been looked at. */
  settled(): Promise<void> {
    return this.running;
  }

  private async warnOfOthers(accepted: readonly string[]): Promise<void> {
    const foreign = await this.dataSource.query<{ issuer: string }[]>(
      `SELECT issuer FROM license_issuers WHERE issuer <> ALL($1) ORDER BY recorded_at, issuer LIMIT ${MOST_ISSUERS + 1}`,
      [accepted],
    );
    const deadline = performance.now() + PATIENCE_MS;
    for (const [index, { issuer }] of foreign.entries()) {
      if (this.stopped) return;
      const left = Math.floor(deadline - performance.now());
      const found = index < MOST_ISSUERS && left > 0 ? await this.hasLicenses(issuer, left) : undefined;
      if (found === undefined) {
        this.logger.write(
          'warn',
          `whether active licenses were issued as ${issuer} or another issuer that this server does not accept could not be determined in time: they validate as ISSUER_MISMATCH`,
          { issuer },
        );
        return;
      }
      if (found)
        this.logger.write(
          'warn',
          `active licenses were issued as ${issuer}, which this server does not accept: they validate as ISSUER_MISMATCH. Add it to ACCEPTED_ISSUERS, or set LICENSE_ISSUER to it`,
          { issuer },
        );
    }
  }

  /** @returns undefined when it can't be determined in time */
  private hasLicenses(issuer: string, patienceMs: number): Promise<boolean | undefined> {
    return this.dataSource
      .transaction(async (tx) => {
        await limitStatements(tx, { statementMs: patienceMs });
        const [row] = await tx.query<{ found: boolean }[]>(
          `SELECT EXISTS (SELECT FROM licenses
                           WHERE ${hasStatusSql('active', 'licenses')}
                             AND license_token_issuer(token) = $1) AS found`,
          [issuer],
        );
        return row?.found === true;
      })
      .catch((error: unknown) => {
        if (sqlState(error) === SqlState.queryCanceled) return undefined;
        throw error;
      });
  }
}
