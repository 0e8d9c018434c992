import { freshKid, listPrivateKeys, readPublicKeys, writeKeyPair } from '@aegis/signing';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { answerKeyPair } from './key-pair-answer';
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
      const next = `The first start of a server signs with it by itself, if it is the only private key in KEYS_DIR (else set KEY_ID=${kid}). On a server that has a key already: \`aegis keys publish ${kid}\`, then \`aegis keys activate ${kid}\`.`;
      answerKeyPair(output, { environment, kid, publicKey, done: 'created', next });
      return ExitCode.yes;
    },
    { makesSecrets: true },
  );
}

async function freshKeyId(keysDir: string): Promise<string> {
  const taken = new Set([...(await listPrivateKeys(keysDir)), ...(await readPublicKeys(keysDir)).keys()]);
  return freshKid(taken, new Date().toISOString().slice(0, 7));
}
