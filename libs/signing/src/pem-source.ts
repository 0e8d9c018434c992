import { listPrivateKeys, readPrivateKey } from './key-files';
import { PemSigner } from './signer';
import type { OpenedKey, SignerSource } from './signer-source';

/** Private keys in encrypted files of KEYS_DIR; an opened one is held in memory. */
export class PemSource implements SignerSource {
  /**
   * @param keysDir - directory of the key files.
   * @param passphrase - of all of them; undefined when none is set.
   */
  constructor(
    private readonly keysDir: string,
    private readonly passphrase: string | undefined,
  ) {}

  kids(): Promise<readonly string[]> {
    return listPrivateKeys(this.keysDir);
  }

  async open(kid: string): Promise<OpenedKey> {
    const { privateKey, publicKey, warning } = await readPrivateKey(this.keysDir, kid, this.passphrase);
    return { signer: new PemSigner(kid, privateKey, publicKey), publicKey, warning };
  }
}
