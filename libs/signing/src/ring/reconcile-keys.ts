import { type AuditLog, SYSTEM } from '@aegis/audit';
import type { Environment } from '@aegis/config';
import { transaction } from '@aegis/database';
import type { Logger } from '@aegis/logging';
import type { KeyObject } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { chooseActiveKey } from './active-key-choice';
import type { HeldKeys } from './held-keys';
import { jwkThumbprint, publicJwk } from '../jws/jwks';
import { readPublicKeys } from '../keys/key-files';
import type { SignerSource } from '../signers/signer-source';
import { SigningKeyRegister } from './signing-key-register';
import { SignerUnavailable } from '../signing.errors';

/** What a process has at its start. */
export interface Parties {
  dataSource: DataSource;
  environment: Environment;
  audit: AuditLog;
  logger: Logger;
  source: SignerSource;
  /** Gets the key that signs. */
  held: HeldKeys;
}

/**
 * Brings KEYS_DIR, the source of signers and the database together at the start of a process, in one transaction:
 * chooses the key that signs, makes it where it is missing and may be made, and opens it. Public keys that are not on
 * record are adopted if ADOPT_PUBLIC_KEYS says so: anyone who can put a file into KEYS_DIR must not become trusted by it.
 * @throws {ConfigurationError} when they contradict each other, or there is no key that could sign.
 */
export function reconcileKeys(parties: Parties): Promise<void> {
  return transaction(parties.dataSource, async (tx) => {
    const register = await SigningKeyRegister.hold(tx, parties.audit, SYSTEM);
    const publicKeys = await readPublicKeys(parties.environment.KEYS_DIR);
    const kid = await chosenKey(tx, register, [...publicKeys.keys()], parties);
    if (kid !== null) publicKeys.delete(kid);
    if (parties.environment.ADOPT_PUBLIC_KEYS) await register.adopt(publicKeys);
    else warnAboutUnknownKeys(publicKeys, register, parties);
    if (kid !== null) await takeIntoUse(kid, register, parties);
  });
}

/** @throws {ConfigurationError} when a public key contradicts the one on record */
function warnAboutUnknownKeys(
  publicKeys: ReadonlyMap<string, KeyObject>,
  register: SigningKeyRegister,
  { logger }: Parties,
): void {
  for (const [kid, publicKey] of publicKeys) {
    if (register.find(kid, publicKey)) continue;
    logger.write(
      'warn',
      `KEYS_DIR has the public key ${kid}, which is not on record, and is not used to verify: run \`aegis keys adopt ${kid}\` if another server signed with it, \`aegis keys publish ${kid}\` if it is to sign here; else remove the file`,
      { kid, thumbprint: jwkThumbprint(publicJwk(kid, publicKey).x) },
    );
  }
}

async function chosenKey(
  tx: EntityManager,
  register: SigningKeyRegister,
  publicKids: readonly string[],
  { environment, source, logger }: Parties,
): Promise<string | null> {
  const { kid, toBeMade, warning } = chooseActiveKey({
    keyId: environment.KEY_ID,
    knownKeys: register.known,
    // Asked only where they matter: a service that signs may be unreachable.
    privateKids: register.active ? [] : await source.kids(),
    publicKids,
    mayMake: !environment.isProduction && source.make !== undefined,
    month: await currentMonth(tx),
  });
  if (warning !== null) logger.write('warn', warning);
  if (kid === null || !toBeMade) return kid;
  await source.make?.(kid);
  logger.write('info', 'signing key made', { kid });
  return kid;
}

async function takeIntoUse(
  kid: string,
  register: SigningKeyRegister,
  { source, held, logger }: Parties,
): Promise<void> {
  try {
    const opened = await source.open(kid);
    await register.enter(kid, opened.publicKey);
    held.keep(kid, opened);
  } catch (error) {
    // It signs elsewhere, and will sign here as soon as its signer can be reached.
    if (!(error instanceof SignerUnavailable) || register.active?.kid !== kid) throw error;
    logger.write('error', `the signing key ${kid} can't be reached`, { error });
  }
}

async function currentMonth(tx: EntityManager): Promise<string> {
  const [row] = await tx.query<{ month: string }[]>(
    `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM') AS month`,
  );
  if (!row) throw new Error('The database did not return the time.');
  return row.month;
}
