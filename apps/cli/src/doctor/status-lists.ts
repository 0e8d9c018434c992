import { StatusPlaces } from '@aegis/status-lists';
import type { DataSource } from 'typeorm';
import type { Diagnosis } from './diagnosis';

/** How many of the next places are checked. */
const LOOKED_AHEAD = 1000;

/**
 * Whether the next tokens would get places in status lists that other tokens already have. This happens if a database
 * was restored to an earlier moment and its sequence stayed behind. Two licenses would share one status.
 */
export async function examineStatusLists(dataSource: DataSource): Promise<Diagnosis[]> {
  const [row] = await dataSource.query<{ key: Buffer; next: number }[]>(
    `SELECT key, (SELECT coalesce(last_value + 1, 0)::float8 FROM pg_sequences
                  WHERE schemaname = 'public' AND sequencename = 'license_tokens_status_number_seq') AS next
     FROM status_index_key`,
  );
  if (!row)
    return [
      {
        severity: 'problem',
        message: 'the key of the status lists is missing',
        remedy: 'Restore the table status_index_key from the backup.',
      },
    ];
  const places = new StatusPlaces(row.key);
  const next = Array.from({ length: LOOKED_AHEAD }, (_, ahead) => places.at(row.next + ahead));
  const taken = await dataSource.query<{ license_id: string }[]>(
    `SELECT t.license_id::text FROM license_tokens AS t
     JOIN unnest($1::integer[], $2::integer[]) AS next (list, index)
       ON t.status_list = next.list AND t.status_index = next.index LIMIT 5`,
    [next.map(({ list }) => list), next.map(({ index }) => index)],
  );
  if (taken.length === 0) return [];
  return [
    {
      severity: 'problem',
      message:
        'places in status lists that the next licenses would get are taken already: issuing them will fail',
      remedy:
        'As the owner of the schema, set the sequence license_tokens_status_number_seq beyond the places handed out.',
      examples: taken.map(({ license_id }) => license_id),
    },
  ];
}
