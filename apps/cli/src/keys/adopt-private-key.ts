import { jwkThumbprint, publicJwk, readPlainPrivateKey, writeKeyPair } from '@aegis/signing';
import { join } from 'node:path';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { newPassphrase } from './passphrase';
import { withSettings } from '../settings';

/**
 * `aegis keys adopt-private`: takes over a private key that is not encrypted, so that clients which have its public
 * key built in accept what is signed from now on.
 * @param file PKCS#8 in PEM
 */
export function adoptPrivateKey(output: Output, kid: string, file: string): Promise<ExitCode> {
  return withSettings(
    [],
    async (environment) => {
      const { KEYS_DIR: keysDir } = environment;
      const privateKey = await readPlainPrivateKey(file);
      const publicKey = await writeKeyPair(keysDir, kid, await newPassphrase(environment), privateKey);
      const privateKeyFile = join(keysDir, `${kid}.private.pem`);
      const jwk = publicJwk(kid, publicKey);
      const thumbprint = jwkThumbprint(jwk.x);
      output.end(
        { key_id: kid, private_key_file: privateKeyFile, public_key: jwk, thumbprint },
        `Signing key ${kid} taken over:
  ${privateKeyFile} (encrypted: keep a copy of it and of its passphrase)
thumbprint: ${thumbprint}
Delete ${file} and every copy of it: it is not encrypted.`,
      );
      return ExitCode.yes;
    },
    { makesSecrets: true },
  );
}
