import { removeEmbeddedPostgres } from '@aegis/embedded-postgres';
import { rmSync } from 'node:fs';
import { contractFolder } from './contract/contract';

export default async function globalTeardown(): Promise<void> {
  const dataDir = process.env.AEGIS_TEST_DATA_DIR;
  if (dataDir) {
    await removeEmbeddedPostgres(dataDir);
    // And what programs shared (`shareCompiledCode`).
    rmSync(dataDir, { recursive: true, force: true });
  }
  const contract = contractFolder();
  if (contract !== undefined) rmSync(contract, { recursive: true, force: true });
}
