import { StatusPlaces } from '@aegis/status-lists';
import type { DataSource } from 'typeorm';
import type { Diagnosis } from './diagnosis';

/** How many of the next places are checked. */
const LOOKED_AHEAD = 1000;

/** What has places in status lists: each kind has a sequence of its own. */
const KINDS = [
  {
    sequence: 'license_tokens_status_number_seq',
    table: 'license_tokens',
    message:
      'places in status lists that the next licenses would get are taken already: issuing them will fail',
  },
  {
    sequence: 'activations_status_number_seq',
    table: 'activations',
    message:
      'places in status lists that the next activations would get are taken already: admitting them will fail',
  },
] as const;

/**
 * Whether the next tokens would get places in status lists that other tokens already have. This happens if a database
 * was restored to an earlier moment and its sequence stayed behind. Two licenses, or activations, would share one status.
 */
export async function examineStatusLists(dataSource: DataSource): Promise<Diagnosis[]> {
  const [row] = await dataSource.query<{ key: Buffer }[]>('SELECT key FROM status_index_key');
  if (!row)
    return [
      {
        severity: 'problem',
        message: 'the key of the status lists is missing',
        remedy: 'Restore the table status_index_key from the backup.',
      },
    ];
  const places = new StatusPlaces(row.key);
  const found: Diagnosis[] = [];
  for (const kind of KINDS) found.push(...(await examineKind(dataSource, places, kind)));
  return found;
}

async function examineKind(
  dataSource: DataSource,
  places: StatusPlaces,
  { sequence, table, message }: (typeof KINDS)[number],
): Promise<Diagnosis[]> {
  const [row] = await dataSource.query<{ next: number }[]>(
    `SELECT coalesce(last_value + 1, start_value)::float8 AS next FROM pg_sequences
     WHERE schemaname = 'public' AND sequencename = $1`,
    [sequence],
  );
  if (!row) throw new Error(`the sequence ${sequence} is missing: the migrations did not run`);
  const next = Array.from({ length: LOOKED_AHEAD }, (_, ahead) => places.at(row.next + ahead));
  const taken = await dataSource.query<{ license_id: string }[]>(
    `SELECT t.license_id::text FROM ${table} AS t
     JOIN unnest($1::integer[], $2::integer[]) AS next (list, index)
       ON t.status_list = next.list AND t.status_index = next.index LIMIT 5`,
    [next.map(({ list }) => list), next.map(({ index }) => index)],
  );
  if (taken.length === 0) return [];
  return [
    {
      severity: 'problem',
      message,
      remedy: `As the owner of the schema, set the sequence ${sequence} beyond the places handed out.`,
      examples: taken.map(({ license_id }) => license_id),
    },
  ];
}
