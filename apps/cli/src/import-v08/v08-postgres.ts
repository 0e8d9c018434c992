import { connectionProblem, isDatabaseUnavailable, KEEP_ALIVE } from '@aegis/database';
import { ConfigurationError } from '@aegis/errors';
import { v08TableProblem, type V08Line, type V08Source, type V08Table } from '@aegis/v08-import';
import { redactText } from '@aegis/logging';
import { Client, escapeIdentifier } from 'pg';

const FETCHED_AT_ONCE = 500;
const CONNECT_PATIENCE_MS = 10_000;
const TABLES: readonly V08Table[] = ['customers', 'licenses', 'audit_logs', 'api_keys'];

/** v0.8's own database, read in one snapshot that can write nothing. */
export class V08Postgres implements V08Source {
  private constructor(
    private readonly client: Client,
    private readonly tables: ReadonlySet<V08Table>,
  ) {}

  /**
   * @param url holds a password: never shown
   * @throws ConfigurationError when it refuses us or is not a database of v0.8
   */
  static async open(url: string): Promise<V08Postgres> {
    const client = new Client({
      connectionString: url,
      application_name: 'aegis import',
      connectionTimeoutMillis: CONNECT_PATIENCE_MS,
      ...KEEP_ALIVE,
      // Text as the server writes it, so that a database and a copy of it are read alike.
      types: { getTypeParser: () => (text: unknown) => text },
    });
    // The next statement fails with it too.
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      await client.query(
        `SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL timezone = 'UTC';
         SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0`,
      );
      return new V08Postgres(client, await tablesOf(client));
    } catch (error) {
      await client.end().catch(() => undefined);
      if (error instanceof ConfigurationError || isDatabaseUnavailable(error)) throw error;
      const problem = connectionProblem(error, 'V08_DATABASE_URL');
      if (problem !== undefined) throw problem;
      const reason = redactText(error instanceof Error ? error.message : String(error));
      throw new ConfigurationError(`v0.8's database can't be read: ${reason}.`);
    }
  }

  rows(table: V08Table): AsyncIterable<V08Line> | undefined {
    return this.tables.has(table) ? this.read(table) : undefined;
  }

  close(): Promise<void> {
    return this.client.end();
  }

  private async *read(table: V08Table): AsyncGenerator<V08Line> {
    const name = escapeIdentifier(table);
    await this.client.query(`DECLARE taken NO SCROLL CURSOR FOR SELECT * FROM ${name} ORDER BY id`);
    let number = 0;
    for (;;) {
      const { rows, fields } = await this.client.query<(string | null)[]>({
        text: `FETCH ${FETCHED_AT_ONCE} FROM taken`,
        rowMode: 'array',
      });
      for (const row of rows) {
        number += 1;
        yield { number, row: new Map(fields.map((field, index) => [field.name, row[index] ?? null])) };
      }
      if (rows.length < FETCHED_AT_ONCE) break;
    }
    await this.client.query('CLOSE taken');
  }
}

async function tablesOf(client: Client): Promise<ReadonlySet<V08Table>> {
  const { rows } = await client.query<{ table: V08Table; column: string }>(
    `SELECT name AS "table", attname AS "column"
     FROM unnest($1::text[]) AS name JOIN pg_attribute ON attrelid = to_regclass(quote_ident(name))
     WHERE attnum > 0 AND NOT attisdropped`,
    [TABLES],
  );
  const found = new Set(rows.map(({ table }) => table));
  if (!found.has('licenses'))
    throw new ConfigurationError("v0.8's database has no table licenses: is it another database or schema?");
  for (const table of found) {
    const columns = rows.filter((row) => row.table === table).map(({ column }) => column);
    const problem = v08TableProblem(table, columns);
    if (problem !== undefined) throw new ConfigurationError(`v0.8's database: ${problem}.`);
  }
  return found;
}
