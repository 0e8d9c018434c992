import { OUTDATED, PreparedStatement } from '@aegis/database';
import type { Evidence, KeyTrust, SeatEvidence, TokenRecord } from '@aegis/license-token';
import type { SigningKeyState } from '@aegis/signing';
import type { DataSource, EntityManager } from 'typeorm';
import type { Proof, ShownToken } from './token-proofs';

/** What is on record of a shown token; all but the first two null where nothing is. */
export interface TokenRow {
  now: Date;
  not_reconciled: boolean;
  key_state: SigningKeyState | null;
  compromised_after: Date | null;
  recorded_at: Date | null;
  superseded: boolean;
  newer_token_exists: boolean;
  license_status: TokenRecord['license_status'];
  customer_active: boolean;
}

/** The activation that an installation says it has. */
export interface NamedActivation {
  id: string;
  /** Digest of the fingerprint. */
  fp: Buffer;
}

/** And of the named activation; its columns are null where the token's license has none of this fingerprint. */
export interface SeatedTokenRow extends TokenRow {
  activation_id: string | null;
  activation_ended: boolean;
  activation_lease_ends_at: Date | null;
  activation_over: boolean;
}

/** SQL that several look-ups have in common. */
export const TOKEN_COLUMNS = `date_trunc('milliseconds', clock_timestamp()) AS now, ${OUTDATED} AS not_reconciled,
          k.state AS key_state, k.compromised_after,
          t.recorded_at, t.superseded_at IS NOT NULL AS superseded, l.revision > t.revision AS newer_token_exists,
          l.status AS license_status, c.is_active AS customer_active`;
export const TOKEN_JOINS = `LEFT JOIN signing_keys k ON k.kid = asked.kid
   LEFT JOIN license_tokens t ON t.sha256 = asked.sha256
   LEFT JOIN licenses l ON l.id = t.license_id
   LEFT JOIN customers c ON c.id = l.customer_id`;

const LOOK_UP = new PreparedStatement<TokenRow>(
  'validation-look-up',
  `SELECT ${TOKEN_COLUMNS}
   FROM unnest($1::bytea[], $2::text[]) WITH ORDINALITY AS asked (sha256, kid, position)
   ${TOKEN_JOINS}
   ORDER BY asked.position`,
);

const LOOK_UP_SEATED = new PreparedStatement<SeatedTokenRow>(
  'validation-look-up-seated',
  `SELECT ${TOKEN_COLUMNS},
          a.id AS activation_id, a.ended_at IS NOT NULL AS activation_ended,
          a.lease_ends_at AS activation_lease_ends_at, a.over AS activation_over
   FROM unnest($1::bytea[], $2::text[], $3::uuid[], $4::bytea[]) WITH ORDINALITY
        AS asked (sha256, kid, activation_id, fp, position)
   ${TOKEN_JOINS}
   LEFT JOIN activations a ON a.id = asked.activation_id AND a.license_id = t.license_id AND a.fp = asked.fp
   ORDER BY asked.position`,
);

/**
 * Reads what is on record of tokens, in one statement. Where nobody names an activation, none is looked for.
 * @param on the transaction that it belongs to, or the data source
 * @returns one row for each, in the same order
 */
export function lookUpTokens(
  on: EntityManager | DataSource,
  shown: readonly (ShownToken & { activation: NamedActivation | null })[],
): Promise<(TokenRow | SeatedTokenRow)[]> {
  const tokens = [shown.map(({ sha256 }) => sha256), shown.map(({ proof }) => kidOf(proof))];
  if (shown.every(({ activation }) => activation === null)) return LOOK_UP.run(on, tokens);
  return LOOK_UP_SEATED.run(on, [
    ...tokens,
    shown.map(({ activation }) => activation?.id ?? null),
    shown.map(({ activation }) => activation?.fp ?? null),
  ]);
}

/** The key that signed, where the signature holds. */
export function kidOf(proof: Proof): string | null {
  return proof.proof === 'holds' ? proof.token.kid : null;
}

/** What `judge()` goes by. @param acceptedIssuers values of `iss` that are taken, ours first */
export function evidenceOf(
  proof: Proof,
  row: TokenRow | SeatedTokenRow,
  acceptedIssuers: readonly string[],
): Evidence {
  if (proof.proof !== 'holds') return { proof: proof.proof };
  return {
    proof: 'signature_holds',
    claims: proof.token.claims,
    key: keyTrust(row),
    acceptedIssuers,
    record: row.recorded_at && { ...row, recorded_at: row.recorded_at },
    activation: seatOf(row),
  };
}

/** Whether a key is trusted, and up to when. */
export function keyTrust({
  key_state,
  compromised_after,
}: Pick<TokenRow, 'key_state' | 'compromised_after'>): KeyTrust {
  return key_state === 'compromised'
    ? { compromised: true, after: compromised_after }
    : { compromised: false };
}

function seatOf(row: TokenRow | SeatedTokenRow): SeatEvidence {
  if (!('activation_id' in row) || row.activation_id === null) return null;
  return {
    id: row.activation_id,
    ended: row.activation_ended,
    lease_ends_at: row.activation_lease_ends_at,
    over: row.activation_over,
  };
}
