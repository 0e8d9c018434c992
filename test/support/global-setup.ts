import { startEmbeddedPostgres } from '@aegis/embedded-postgres';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeTemplate } from './database/database';
import { serveContract } from './contract/serve-contract';
import { shareCompiledCode } from './processes/program';

/**
 * One PostgreSQL a run, without durability, and a migrated template in it; and the OpenAPI document that the compiled
 * server serves, against which answers are held.
 * @param compiled whether dist was compiled from the sources as they are
 */
export default async function globalSetup(compiled: boolean): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'aegis-test-'));
  const postgres = await startEmbeddedPostgres({ dataDir, durable: false });
  const { ownerUrl, applicationUrl, superuserUrl } = postgres;
  process.env.AEGIS_TEST_DATA_DIR = dataDir;
  process.env.AEGIS_TEST_POSTGRES = JSON.stringify({ ownerUrl, applicationUrl, superuserUrl });
  await makeTemplate();
  if (compiled) shareCompiledCode(dataDir);
  if (compiled) process.env.AEGIS_TEST_CONTRACT = await serveContract();
  else
    process.stderr.write('Answers are not checked against the contract: dist is older than the sources.\n');
}
