import { AuditLog, AuditRecord, SYSTEM } from '@aegis/audit';
import { signKeySet, SigningKey, SigningKeys, SigningReplicas } from '@aegis/signing';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestDatabase } from '../database/database';
import { until } from '../until';

/** Makes a key on record the one that signs, no matter who holds it, as `aegis keys activate --force` does. */
export async function activateKey(database: TestDatabase, kid: string): Promise<void> {
  const dataSource = await database.dataSource([AuditRecord, SigningKey]);
  await new SigningKeys(dataSource, new AuditLog(), new SigningReplicas(dataSource)).activate(SYSTEM, kid, {
    force: true,
  });
}

/** Gives a server a signed key set, of no key, and waits until it is served. */
export async function giveKeySet({ url, keysDir }: { url: string; keysDir: string }): Promise<void> {
  const root = { privateKey: generateKeyPairSync('ed25519').privateKey, kid: 'root' };
  const jwt = await signKeySet(root, { keys: [], compromised: [] }, new Date(), 30);
  writeFileSync(join(keysDir, 'jwks.jwt'), jwt);
  await until('the key set is served', async () => (await fetch(`${url}/.well-known/jwks.jwt`)).ok);
}
