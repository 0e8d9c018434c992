import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import type { RowPostgres } from './postgres';

/** A database without tables. */
export interface EmptyDatabase {
  /** Under the server's role. */
  applicationUrl: string;
  /** Under the role that owns the schema. */
  ownerUrl: string;
  /** Runs one statement as superuser, on a connection of its own. */
  query<T extends object>(statement: string): Promise<T[]>;
}

/** Makes a database of the same roles as the migrated one, without tables. */
export async function emptyDatabase(postgres: RowPostgres): Promise<EmptyDatabase> {
  const name = `empty_${randomBytes(6).toString('hex')}`;
  await postgres.query(
    `CREATE DATABASE ${name} OWNER aegis_owner TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`,
  );
  const to = (url: string): string => {
    const other = new URL(url);
    other.pathname = `/${name}`;
    return other.href;
  };
  return {
    applicationUrl: to(postgres.applicationUrl),
    ownerUrl: to(postgres.ownerUrl),
    async query<T extends object>(statement: string): Promise<T[]> {
      const client = new Client({ connectionString: to(postgres.superuserUrl) });
      await client.connect();
      try {
        return (await client.query<T>(statement)).rows;
      } finally {
        await client.end();
      }
    },
  };
}

/** What makes a server migrate an empty database at its start. */
export function migratingAtStart({ applicationUrl, ownerUrl }: EmptyDatabase): Record<string, string> {
  return { DATABASE_URL: applicationUrl, MIGRATION_DATABASE_URL: ownerUrl, MIGRATE_ON_START: 'true' };
}
