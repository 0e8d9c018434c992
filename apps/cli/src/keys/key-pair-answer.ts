import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { jwkThumbprint, publicJwk } from '@aegis/signing';
import type { Output } from '../terminal/output';

/** A key pair whose files a command wrote. */
interface WrittenKeyPair {
  keysDir: string;
  kid: string;
  publicKey: KeyObject;
  /** What was done, e.g. `created`. */
  done: string;
  /** What to do next, as a sentence. */
  next: string;
}

/** Answers, as the last output of a command, which files it wrote and what key is in them. */
export function answerKeyPair(output: Output, { keysDir, kid, publicKey, done, next }: WrittenKeyPair): void {
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
${next}`,
  );
}
