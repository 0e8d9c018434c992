import type { DataSource } from 'typeorm';

/** A column that the application's role may insert or update. */
export interface RoleColumn {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  /** Whether it refers to a column of another table, whose rules are its own then. */
  readonly refers: boolean;
}

/** All such columns of tables, by the catalogue; of partitioned tables those of the whole. */
export function columnsOfRole(superuser: DataSource): Promise<RoleColumn[]> {
  return superuser.query<RoleColumn[]>(
    `SELECT relname AS "table", attname AS name, format_type(atttypid, NULL) AS type,
            EXISTS (SELECT FROM pg_constraint
                    WHERE contype = 'f' AND conrelid = attrelid AND conkey = ARRAY[attnum]) AS refers
     FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
       AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
       AND (has_column_privilege('aegis_app', attrelid, attnum, 'INSERT')
            OR has_column_privilege('aegis_app', attrelid, attnum, 'UPDATE'))
     ORDER BY 1, 2`,
  );
}

/** Whether a CHECK of the table refuses a row that has only this value. */
export async function refusesValue(
  superuser: DataSource,
  { table, name }: RoleColumn,
  value: unknown,
): Promise<boolean> {
  const checks = await superuser.query<{ rule: string }[]>(
    `SELECT pg_get_expr(conbin, conrelid) AS rule FROM pg_constraint
     WHERE conrelid = $1::regclass AND contype = 'c'
       AND (SELECT attnum FROM pg_attribute WHERE attrelid = conrelid AND attname = $2) = ANY (conkey)`,
    [`public.${table}`, name],
  );
  for (const { rule } of checks) {
    const [row] = await superuser.query<{ refused: boolean }[]>(
      `SELECT (${rule}) IS FALSE AS refused FROM jsonb_populate_record(NULL::public.${table}, $1) AS ${table}`,
      [JSON.stringify({ [name]: value })],
    );
    if (row?.refused === true) return true;
  }
  return false;
}
