import { Environment } from '@aegis/config';
import { DomainError } from '@aegis/errors';
import { OFFLINE_FILE_FORMAT, type OfflineFile } from '@aegis/license-token';
import { type KeySetInFile, keySetPath, readKeySetFile } from '@aegis/signing';
import { StatusListIssuer } from '@aegis/status-lists';
import { Injectable } from '@nestjs/common';

/** Most days for which an offline file counts. */
export const MAX_FILE_DAYS = 3_650;

/** The signed key set would make a machine without a network refuse what this server signs. */
export class KeySetOutdated extends DomainError {
  readonly code = 'key_set_outdated';
}

/** What an offline file is made of, besides what the server knows by itself. */
export interface OfflineFileTokens {
  licenseToken: string;
  activationToken: string;
  /** Numbers of the status lists that the two tokens name. */
  lists: readonly number[];
}

/** Makes the files for machines without a network. */
@Injectable()
export class OfflineFiles {
  constructor(
    private readonly statusLists: StatusListIssuer,
    private readonly environment: Environment,
  ) {}

  /**
   * The signed key set that goes into a file. To be read before a seat is given for the file: a machine could not use one
   * with a key set that lacks a key of its tokens.
   * @param kids of the keys that signed, or will sign, what is in the file
   * @param now the database's time
   * @returns null where KEYS_DIR has none: then clients have the keys built in
   * @throws KeySetOutdated
   */
  async keySet(kids: readonly string[], now: Date): Promise<KeySetInFile | null> {
    const found = await readKeySetFile(keySetPath(this.environment.KEYS_DIR)).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    });
    if (found === null) return null;
    if ('malformed' in found)
      throw new KeySetOutdated(`The signed key set can't be read: ${found.malformed}.`);
    const { keys, exp } = found.keySet;
    if (!(now.getTime() < exp * 1000)) throw new KeySetOutdated('The signed key set has expired.');
    const missing = kids.find((kid) => !keys.some((key) => key.kid === kid));
    if (missing !== undefined) throw new KeySetOutdated(`The signed key set lacks the key ${missing}.`);
    return found;
  }

  /** @param keySet by `keySet()` */
  async make(
    { licenseToken, activationToken, lists }: OfflineFileTokens,
    keySet: KeySetInFile | null,
  ): Promise<OfflineFile> {
    const signed: string[] = [];
    for await (const { jws } of this.statusLists.issue([...new Set(lists)])) signed.push(jws);
    return {
      format: OFFLINE_FILE_FORMAT,
      license_token: licenseToken,
      activation_token: activationToken,
      key_set: keySet?.jwt ?? null,
      status_lists: signed,
    };
  }
}
