import { adoptKeyPair, readPlainPrivateKey } from '@aegis/signing';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { answerKeyPair } from './key-pair-answer';
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
      const publicKey = await adoptKeyPair(keysDir, kid, await newPassphrase(environment), privateKey);
      const next = `Delete ${file} and every copy of it: it is not encrypted.`;
      answerKeyPair(output, { environment, kid, publicKey, done: 'taken over', next });
      return ExitCode.yes;
    },
    { makesSecrets: true },
  );
}
