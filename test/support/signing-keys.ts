import { AuditLog, AuditRecord, SYSTEM } from '@aegis/audit';
import { SigningKey, SigningKeys, SigningReplicas } from '@aegis/signing';
import type { TestDatabase } from './database';

/** Makes a key on record the one that signs, whoever holds it, as `aegis keys activate --force` does. */
export async function activateKey(database: TestDatabase, kid: string): Promise<void> {
  const dataSource = await database.dataSource([AuditRecord, SigningKey]);
  await new SigningKeys(dataSource, new AuditLog(), new SigningReplicas(dataSource)).activate(SYSTEM, kid, {
    force: true,
  });
}
