import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testDatabase } from '../database/database';
import { Processes } from '../processes/server-process';

/**
 * Starts the compiled server, once a run, and keeps the OpenAPI document that it serves: only what was compiled has
 * the schemas.
 * @returns a folder with `openapi.json`
 */
export async function serveContract(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'aegis-contract-'));
  const database = await testDatabase();
  const processes = new Processes();
  try {
    const server = await processes
      .server({
        ENVIRONMENT: 'test',
        DATABASE_URL: database.applicationUrl,
        MIGRATION_DATABASE_URL: database.ownerUrl,
        DATA_DIR: processes.emptyFolder(),
        KEYS_DIR: processes.emptyFolder(),
      })
      .ready();
    const response = await fetch(`${server.url}/openapi.json`);
    if (!response.ok) throw new Error(`/openapi.json answered ${response.status}: ${server.output}`);
    writeFileSync(join(folder, 'openapi.json'), await response.text());
    await server.stop();
  } finally {
    await processes.close();
    await database.drop();
  }
  return folder;
}
