import { MOST_RECORD_BYTES, recordBytes, recordColumnsWhere } from '@aegis/audit';
import type { DataSource } from 'typeorm';
import { LEAF_COLUMNS, type LeafFields, leafOf, TIMES_ARE_SEALABLE } from '../tree/leaf';
import { leafHash } from '../tree/merkle-tree';
import type { SealedRecord } from './shipped-record';

/**
 * What the trail has of a record that was shipped: `here` the same text, `missing` nothing, `taken` another record under
 * its id: after a restore the same ids are given again.
 */
export type InTrail = 'here' | 'missing' | 'taken';

interface Found {
  id: string;
  is_known: boolean;
  is_sealed: boolean;
}

/**
 * Compares shipped records with those of the trail by everything that is sealed: the id alone says nothing. A seal
 * counts as its record, which may have been dropped since.
 * @param records some hundred at most
 * @returns what the trail has, one for each
 */
export async function compareWithTrail(
  database: Pick<DataSource, 'query'>,
  records: readonly SealedRecord[],
): Promise<InTrail[]> {
  const found = await database.query<Found[]>(
    `SELECT given.id::text AS id,
            EXISTS (SELECT FROM audit_logs WHERE audit_logs.id = given.id)
              OR EXISTS (SELECT FROM audit_seals WHERE audit_id = given.id) AS is_known,
            EXISTS (SELECT FROM audit_seals WHERE audit_id = given.id AND leaf_hash = given.hash)
              OR EXISTS (SELECT FROM audit_seals_set_aside WHERE audit_id = given.id AND leaf_hash = given.hash) AS is_sealed
     FROM unnest($1::bigint[], $2::bytea[]) WITH ORDINALITY AS given (id, hash, place) ORDER BY place`,
    [records.map(({ fields }) => fields.id), records.map(({ hash }) => hash)],
  );
  const unsealed = found.filter(({ is_known, is_sealed }) => is_known && !is_sealed).map(({ id }) => id);
  const hashes = await hashesOf(database, unsealed);
  return records.map(({ fields, hash }, index) => {
    const { is_known, is_sealed } = found[index] ?? { is_known: false, is_sealed: false };
    if (is_sealed || hashes.get(fields.id)?.equals(hash) === true) return 'here';
    return is_known ? 'taken' : 'missing';
  });
}

/** The hashes of the leaves of records, by their ids; none of those that can't be sealed. */
async function hashesOf(
  database: Pick<DataSource, 'query'>,
  ids: readonly string[],
): Promise<Map<string, Buffer>> {
  if (ids.length === 0) return new Map();
  const rows = await database.query<LeafFields[]>(
    `SELECT ${LEAF_COLUMNS}
     FROM (SELECT ${recordColumnsWhere('logged', 'true')} FROM audit_logs AS logged
           WHERE logged.id = ANY ($1::bigint[]) AND ${recordBytes('logged')} <= ${MOST_RECORD_BYTES}) AS record
     WHERE ${TIMES_ARE_SEALABLE}`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, leafHash(leafOf(row))]));
}
