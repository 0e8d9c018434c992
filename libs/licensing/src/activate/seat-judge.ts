import type { SeatJudgement } from '@aegis/activations';
import { Environment } from '@aegis/config';
import { PreparedStatement, RestoreNotReconciled } from '@aegis/database';
import { type Evidence, judgeForSeat, parseToken, type Question, type Verdict } from '@aegis/license-token';
import type { SigningKeyState } from '@aegis/signing';
import { Injectable } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import {
  evidenceOf,
  keyTrust,
  kidOf,
  TOKEN_COLUMNS,
  TOKEN_JOINS,
  type TokenRow,
} from '../validate/token-look-up';
import type { ShownToken } from '../validate/token-proofs';

/** A license token that is shown for a seat, and what is asked with it; null: admission has checked that. */
export interface TokenForSeat extends ShownToken {
  readonly question: Question | null;
}

/** What is on record of the newest token of a license, where the shown one is older. */
export interface NewestTokenRow {
  newest_token: string | null;
  newest_recorded_at: Date;
  newest_superseded: boolean;
  newest_key_state: SigningKeyState;
  newest_compromised_after: Date | null;
}

/** SQL of the columns of `NewestTokenRow`, and the joins that they need. */
export const NEWEST_COLUMNS = `CASE WHEN newest.sha256 IS NOT NULL THEN l.token END AS newest_token,
          newest.recorded_at AS newest_recorded_at, newest.superseded_at IS NOT NULL AS newest_superseded,
          newest_key.state AS newest_key_state, newest_key.compromised_after AS newest_compromised_after`;
export const NEWEST_JOINS = `LEFT JOIN signing_keys newest_key ON newest_key.kid = newest.key_id`;

const LOOK_UP = new PreparedStatement<TokenRow & NewestTokenRow>(
  'seat-look-up',
  `SELECT ${TOKEN_COLUMNS}, ${NEWEST_COLUMNS}
   FROM unnest($1::bytea[], $2::text[]) WITH ORDINALITY AS asked (sha256, kid, position)
   ${TOKEN_JOINS}
   LEFT JOIN license_tokens newest
     ON newest.license_id = l.id AND newest.revision = l.revision AND l.revision > t.revision
   ${NEWEST_JOINS}
   ORDER BY asked.position`,
);

/** Judges whether license tokens may get a seat, or keep one: rule 6 of the contract of seats. */
@Injectable()
export class SeatJudge {
  private readonly acceptedIssuers: readonly string[];

  constructor(environment: Environment) {
    this.acceptedIssuers = [environment.LICENSE_ISSUER, ...(environment.ACCEPTED_ISSUERS ?? [])];
  }

  /**
   * Judges tokens in one statement.
   * @param on the transaction of an admission
   * @returns one for each, in the same order
   * @throws RestoreNotReconciled
   */
  async judge(
    on: EntityManager | DataSource,
    shown: readonly TokenForSeat[],
  ): Promise<readonly SeatJudgement[]> {
    const rows = await LOOK_UP.run(on, [
      shown.map(({ sha256 }) => sha256),
      shown.map(({ proof }) => kidOf(proof)),
    ]);
    return shown.map((one, index) => {
      const row = rows[index];
      if (!row) throw new Error('the look-up must answer for each token');
      return this.judgeRow(one, row);
    });
  }

  /**
   * A token that has expired stands for its license where that was renewed: the newest token is judged then, so that a renewal
   * reaches every installation by itself.
   * @throws RestoreNotReconciled
   */
  judgeRow({ question, proof }: TokenForSeat, row: TokenRow & NewestTokenRow): SeatJudgement {
    if (row.not_reconciled) throw new RestoreNotReconciled();
    const verdict = judgeForSeat(question, evidenceOf(proof, row, this.acceptedIssuers), row.now);
    if (verdict.valid) return { verdict, licenseToken: row.newest_token };
    if (verdict.code !== 'EXPIRED') return { verdict, licenseToken: null };
    const newest = this.judgeNewest(question, row);
    return newest?.valid === true
      ? { verdict: newest, licenseToken: row.newest_token }
      : { verdict, licenseToken: null };
  }

  /** @returns the verdict about the newest token of a license; null where it has none that can be read */
  judgeNewest(question: Question | null, row: TokenRow & NewestTokenRow): Verdict | null {
    const parsed = parseToken(row.newest_token ?? '');
    if ('malformed' in parsed) return null;
    const evidence: Evidence = {
      proof: 'signature_holds',
      claims: parsed.claims,
      key: keyTrust({ key_state: row.newest_key_state, compromised_after: row.newest_compromised_after }),
      acceptedIssuers: this.acceptedIssuers,
      record: {
        recorded_at: row.newest_recorded_at,
        superseded: row.newest_superseded,
        newer_token_exists: false,
        license_status: row.license_status,
        customer_active: row.customer_active,
      },
      activation: null,
    };
    return judgeForSeat(question, evidence, row.now);
  }
}
