import type { ActivationEnd } from '@aegis/activations';
import { PreparedStatement } from '@aegis/database';
import type { DataSource } from 'typeorm';
import {
  TOKEN_COLUMNS,
  TOKEN_JOINS,
  kidOf,
  type NamedActivation,
  type TokenRow,
} from '../validate/token-look-up';
import type { ShownToken } from '../validate/token-proofs';
import { NEWEST_COLUMNS, NEWEST_JOINS, type NewestTokenRow } from './seat-judge';

/** An activation that was named, for how long its license gives leases and tokens now, and what its records name. */
export interface SeatOnRecord {
  activation_id: string | null;
  license_id: string;
  fp: Buffer;
  ended_at: Date | null;
  ended_by: ActivationEnd | null;
  lease_seconds: number | null;
  offline_days: number | null;
  customer_id: string;
  module_name: string;
}

/** What is on record of a heartbeat: its token, and the activation that it names. */
export type HeartbeatRow = TokenRow & NewestTokenRow & SeatOnRecord;

const ACTIVATION_COLUMNS = `a.id AS activation_id, a.license_id, a.fp, a.ended_at, a.ended_by,
          seats.lease_seconds, seats.offline_days, l.customer_id, l.module_name`;

/** The activation is looked up by the license that the token names: a token that is not on record finds it as well. */
const BY_TOKEN = new PreparedStatement<HeartbeatRow>(
  'heartbeat-look-up',
  `SELECT ${TOKEN_COLUMNS}, ${NEWEST_COLUMNS}, ${ACTIVATION_COLUMNS}
   FROM unnest($1::bytea[], $2::text[], $3::uuid[], $4::bytea[]) WITH ORDINALITY
        AS asked (sha256, kid, activation_id, fp, position)
   ${TOKEN_JOINS}
   LEFT JOIN license_tokens newest
     ON newest.license_id = l.id AND newest.revision = l.revision AND l.revision > t.revision
   ${NEWEST_JOINS}
   LEFT JOIN activations a ON a.id = asked.activation_id AND a.license_id = l.id AND a.fp = asked.fp
   LEFT JOIN license_seats seats ON seats.license_id = a.license_id
   ORDER BY asked.position`,
);

/** Without a token: the newest one of the license is judged. */
const BY_ID = new PreparedStatement<HeartbeatRow>(
  'heartbeat-look-up-by-id',
  `SELECT ${TOKEN_COLUMNS}, ${NEWEST_COLUMNS}, ${ACTIVATION_COLUMNS}
   FROM unnest($1::uuid[]) WITH ORDINALITY AS asked (activation_id, position)
   LEFT JOIN activations a ON a.id = asked.activation_id
   LEFT JOIN license_seats seats ON seats.license_id = a.license_id
   LEFT JOIN licenses l ON l.id = a.license_id
   LEFT JOIN license_tokens newest ON newest.license_id = l.id AND newest.revision = l.revision
   ${NEWEST_JOINS}
   LEFT JOIN license_tokens t ON t.sha256 = newest.sha256
   LEFT JOIN signing_keys k ON k.kid = newest.key_id
   LEFT JOIN customers c ON c.id = l.customer_id
   ORDER BY asked.position`,
);

/**
 * Reads what is on record of heartbeats, in one statement.
 * @returns one row for each, in the same order; `activation_id` is null where the license has no such activation of this
 * fingerprint
 */
export function lookUpHeartbeats(
  on: DataSource,
  beats: readonly (ShownToken & { activation: NamedActivation })[],
): Promise<HeartbeatRow[]> {
  return BY_TOKEN.run(on, [
    beats.map(({ sha256 }) => sha256),
    beats.map(({ proof }) => kidOf(proof)),
    beats.map(({ activation }) => activation.id),
    beats.map(({ activation }) => activation.fp),
  ]);
}

/** Reads activations by their ids, and the newest tokens of their licenses. @returns one row for each, in the same order */
export function lookUpActivations(on: DataSource, ids: readonly string[]): Promise<HeartbeatRow[]> {
  return BY_ID.run(on, [ids]);
}
