import { ConfigurationError } from '@aegis/errors';
import { listPrivateKeys, readPrivateKey } from '../keys/key-files';
import { writeKeyPair } from '../keys/key-pair-writer';
import { PemSigner } from './signer';
import type { OpenedKey, SignerSource } from './signer-source';

/** Private keys in encrypted files of KEYS_DIR; an opened one is held in memory. */
export class PemSource implements SignerSource {
  private known?: Promise<string | undefined>;

  /**
   * @param keysDir - directory of the key files.
   * @param passphrase - of all of them, asked for once, when the first is opened; undefined when none is set.
   */
  constructor(
    private readonly keysDir: string,
    private readonly passphrase: () => Promise<string | undefined>,
  ) {}

  kids(): Promise<readonly string[]> {
    return listPrivateKeys(this.keysDir);
  }

  async open(kid: string): Promise<OpenedKey> {
    const { privateKey, publicKey, warning } = await readPrivateKey(
      this.keysDir,
      kid,
      await this.knownPassphrase(),
    );
    return { signer: new PemSigner(kid, privateKey, publicKey), publicKey, warning };
  }

  async make(kid: string): Promise<void> {
    const passphrase = await this.knownPassphrase();
    if (passphrase === undefined)
      throw new ConfigurationError('A signing key must be made: set KEY_PASSPHRASE.');
    await writeKeyPair(this.keysDir, kid, passphrase);
  }

  /** One that could not be had is asked for again. */
  private knownPassphrase(): Promise<string | undefined> {
    this.known ??= this.passphrase().catch((error: unknown) => {
      this.known = undefined;
      throw error;
    });
    return this.known;
  }
}
