import { Environment } from '@aegis/config';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { removeEmbeddedPostgres } from '@aegis/embedded-postgres';
import { openDatabase } from './open-database';

const settings = (given: Partial<Environment>): Environment => Object.assign(new Environment(), given);

async function roleOf(url: string): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<{ role: string }>('SELECT current_user AS role')).rows[0]!.role;
  } finally {
    await client.end();
  }
}

describe('openDatabase', () => {
  it('takes the database that the settings name, and starts none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'aegis-open-'));
    const database = await openDatabase(
      settings({
        DATABASE_URL: 'postgres://app@db/x',
        MIGRATION_DATABASE_URL: 'postgres://owner@db/x',
        DATA_DIR: folder,
      }),
    );
    expect(database).toMatchObject({
      applicationUrl: 'postgres://app@db/x',
      ownerUrl: 'postgres://owner@db/x',
    });
    await expect(database.release()).resolves.toBeUndefined();
    rmSync(folder, { recursive: true });
  });

  it('migrates under the application role where no other is named', async () => {
    const database = await openDatabase(settings({ DATABASE_URL: 'postgres://app@db/x' }));
    expect(database).toMatchObject({
      applicationUrl: 'postgres://app@db/x',
      ownerUrl: 'postgres://app@db/x',
    });
  });

  it('starts the embedded one otherwise, with two roles, until it is released', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'aegis-open-'));
    const said: string[] = [];
    try {
      const database = await openDatabase(settings({ DATA_DIR: folder }), (message) => said.push(message));
      expect(await roleOf(database.applicationUrl)).toBe('aegis_app');
      expect(await roleOf(database.ownerUrl)).toBe('aegis_owner');
      expect(said.join()).not.toContain(new URL(database.ownerUrl).password);
      await database.release();
      await expect(roleOf(database.applicationUrl)).rejects.toThrow(/ECONNREFUSED/);
    } finally {
      await removeEmbeddedPostgres(folder);
    }
  });
});
