import type { Environment } from '@aegis/config';
import { ConfigurationError } from '@aegis/errors';
import type { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import {
  isSoundOnRecord,
  publicJwk,
  type SigningKey,
  type SigningKeys,
  type SigningReplicas,
  SignerUnavailable,
  signerSource,
} from '@aegis/signing';
import type { Diagnosis } from './diagnosis';

/** The keys on record, and whether this place and the servers that live can sign with the active one. */
export async function examineSigning(
  keys: SigningKeys,
  replicas: SigningReplicas,
  environment: Environment,
  logger: Logger,
): Promise<Diagnosis[]> {
  const known = await keys.list();
  const unsound = known
    .filter(({ public_key, state }) => !isSoundOnRecord(public_key) && state !== 'compromised')
    .map(unsoundKey);
  const active = known.find(({ state }) => state === 'active');
  if (active === undefined)
    return [
      ...unsound,
      {
        severity: 'problem',
        message: 'no signing key is active: nothing can be issued',
        remedy: '`aegis keys activate <kid>`.',
      },
    ];
  const without = (await replicas.live())
    .filter(({ kids }) => !kids.includes(active.kid))
    .map(({ name }): Diagnosis => ({
      severity: 'problem',
      message: `the server ${name} cannot sign with the active key ${active.kid}`,
      remedy: 'Give it the key and its passphrase, or access to the signer.',
    }));
  return [...unsound, ...without, ...(await examineHeldKey(active, environment, logger))];
}

/** No server uses it: somebody wrote it past the triggers, or before there were any. */
function unsoundKey({ kid }: SigningKey): Diagnosis {
  return {
    severity: 'problem',
    message: `the public key ${kid} on record is of small order, or the spelling of another`,
    remedy: `Find out who put it there; \`aegis keys compromise ${kid}\`, so that no key set names it.`,
  };
}

/** Opens the active key with the settings of this place. */
async function examineHeldKey(
  { kid, public_key }: SigningKey,
  environment: Environment,
  logger: Logger,
): Promise<Diagnosis[]> {
  const remedy = `Correct it, if a server runs with these settings: it could not sign with ${kid}.`;
  const source = signerSource(environment, logger, new Metrics());
  try {
    const { publicKey, warning } = await source.open(kid);
    if (publicJwk(kid, publicKey).x !== public_key)
      return [
        {
          severity: 'problem',
          message: `the private key ${kid} that these settings name is not the one on record under this id`,
          remedy: 'Restore the right one: an id is never given to another key.',
        },
      ];
    return warning === null ? [] : [{ severity: 'warning', message: warning, remedy }];
  } catch (error) {
    if (error instanceof SignerUnavailable)
      return [{ severity: 'unknown', message: `the signer of ${kid} cannot be reached from here`, remedy }];
    if (error instanceof ConfigurationError)
      return [
        {
          severity: 'warning',
          message: `the active key ${kid} can't be opened with these settings: ${error.message}`,
          remedy,
        },
      ];
    throw error;
  } finally {
    await source.close?.();
  }
}
