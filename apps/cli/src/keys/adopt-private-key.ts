import { adoptKeyPair, readPlainPrivateKey } from '@aegis/signing';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { answerKeyPair } from './key-pair-answer';
import { newPassphrase } from './passphrase';
import { withSettings } from '../settings';

/**
 * `aegis keys adopt-private`: imports a private key that is not encrypted, so that clients with its built-in public
 * key accept new tokens.
 * @param file PKCS#8 in PEM
 */
export function adoptPrivateKey(output: Output, kid: string, file: string): Promise<ExitCode> {
  return withSettings(
    [],
    async (environment) => {
      const { KEYS_DIR: keysDir } = environment;
      const privateKey = await readPlainPrivateKey(file);
      const publicKey = await adoptKeyPair(keysDir, kid, await newPassphrase(environment), privateKey);
      const next = `Delete ${file} and every copy of it: it is not encrypted.`;
      answerKeyPair(output, { environment, kid, publicKey, done: 'taken over', next });
      return ExitCode.yes;
    },
    { makesSecrets: true },
  );
}
