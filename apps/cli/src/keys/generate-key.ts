import {
  freshKid,
  jwkThumbprint,
  listPrivateKeys,
  publicJwk,
  readPublicKeys,
  writeKeyPair,
} from '@aegis/signing';
import { join } from 'node:path';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { newPassphrase } from './passphrase';
import { withSettings } from '../settings';

/**
 * `aegis keys generate`: makes a signing key in KEYS_DIR.
 * @param keyId a fresh one unless given
 */
export function generateKey(output: Output, keyId: string | undefined): Promise<ExitCode> {
  return withSettings(
    [],
    async (environment) => {
      const { KEYS_DIR: keysDir } = environment;
      const kid = keyId ?? (await freshKeyId(keysDir));
      const publicKey = await writeKeyPair(keysDir, kid, await newPassphrase(environment));
      const files = {
        private_key_file: join(keysDir, `${kid}.private.pem`),
        public_key_file: join(keysDir, `${kid}.public.pem`),
      };
      const jwk = publicJwk(kid, publicKey);
      const thumbprint = jwkThumbprint(jwk.x);
      output.end(
        { key_id: kid, ...files, public_key: jwk, thumbprint },
        `Signing key ${kid} created:
  ${files.private_key_file} (encrypted: keep a copy of it and of its passphrase)
  ${files.public_key_file}
thumbprint: ${thumbprint}
To sign with it: \`aegis keys publish ${kid}\`, then \`aegis keys activate ${kid}\`; for the first key of a server, KEY_ID=${kid}.`,
      );
      return ExitCode.yes;
    },
    { makesSecrets: true },
  );
}

async function freshKeyId(keysDir: string): Promise<string> {
  const taken = new Set([...(await listPrivateKeys(keysDir)), ...(await readPublicKeys(keysDir)).keys()]);
  return freshKid(taken, new Date().toISOString().slice(0, 7));
}
