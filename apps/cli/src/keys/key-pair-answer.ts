import type { KeyObject } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { Environment } from '@aegis/config';
import { jwkThumbprint, publicJwk } from '@aegis/signing';
import type { Output } from '../terminal/output';

/** A key pair whose files a command wrote. */
interface WrittenKeyPair {
  environment: Environment;
  kid: string;
  publicKey: KeyObject;
  /** What was done, e.g. `created`. */
  done: string;
  /** What to do next, as a sentence. */
  next: string;
}

/** Answers, as the last output of a command, which files it wrote and what key is in them. */
export function answerKeyPair(
  output: Output,
  { environment, kid, publicKey, done, next }: WrittenKeyPair,
): void {
  const { KEYS_DIR: keysDir } = environment;
  const files = {
    private_key_file: join(keysDir, `${kid}.private.pem`),
    public_key_file: join(keysDir, `${kid}.public.pem`),
  };
  const jwk = publicJwk(kid, publicKey);
  const thumbprint = jwkThumbprint(jwk.x);
  output.end(
    { key_id: kid, ...files, public_key: jwk, thumbprint },
    `Signing key ${kid} ${done}:
  ${files.private_key_file} (encrypted: keep a copy of it and of its passphrase)
  ${files.public_key_file}
thumbprint: ${thumbprint}
${next}${ofDevelopment(environment)}`,
  );
}

/** Where no settings were read, the key is made in development's folders: that must be seen now, not at `keys publish`. */
function ofDevelopment({ ENVIRONMENT, KEYS_DIR, DATA_DIR }: Environment): string {
  if (ENVIRONMENT !== 'development') return '';
  return `
This is a key of development (ENVIRONMENT=development): it is in ${resolve(KEYS_DIR)}, and unless KEY_PASSPHRASE was set, its passphrase is in ${resolve(DATA_DIR, 'secrets')}. For a server in production, read its settings first (docs/production.md), and delete this key.`;
}
