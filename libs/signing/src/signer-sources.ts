import type { Environment } from '@aegis/config';
import { PemSource } from './pem-source';
import type { SignerSource } from './signer-source';

/** What makes the source of each value of SIGNER. */
const sources: Record<Environment['SIGNER'], (environment: Environment) => SignerSource> = {
  pem: ({ KEYS_DIR, KEY_PASSPHRASE }) => new PemSource(KEYS_DIR, KEY_PASSPHRASE),
};

/** Gives the source of signers that SIGNER names. */
export function signerSource(environment: Environment): SignerSource {
  return sources[environment.SIGNER](environment);
}
