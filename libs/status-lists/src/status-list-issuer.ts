import { Environment } from '@aegis/config';
import { STATUS_LIST_TYPE, type StatusListClaims } from '@aegis/license-token';
import { InputTooLarge, KeyRing, signCompact } from '@aegis/signing';
import { Injectable } from '@nestjs/common';
import { BITS, compressStatuses, packStatuses } from './status-list-content';
import { type ListRecord, StatusListRecords } from './status-list-records';
import { statusListUri } from './status-list-uri';
import { StatusListTooLarge } from './status-lists.errors';

/** For how long a list counts: clients that are offline for a month go by it. */
export const LIFETIME_S = 35 * 24 * 60 * 60;
/** How old a list may become before it is signed again, and a client should ask again. */
export const TTL_S = 300;
/** Lists that are read at once. */
const LISTS_AT_ONCE = 16;

/** A signed Token Status List. */
export interface SignedStatusList {
  list: number;
  /** Of the changes that it knows of. */
  version: number;
  /** Which key signed it. */
  kid: string;
  /** Compact JWS (draft-ietf-oauth-status-list, section 5.1). */
  jws: string;
  /** What it says, to be given when it is issued again. */
  content: Content;
}

/** Statuses and their compressed form, which takes longer to make than all the rest. */
export interface Content {
  statuses: Buffer;
  lst: string;
}

/** Reads what is on record of tokens and signs it as Token Status Lists. */
@Injectable()
export class StatusListIssuer {
  constructor(
    private readonly records: StatusListRecords,
    private readonly keyRing: KeyRing,
    private readonly environment: Environment,
  ) {}

  /**
   * Gives the numbers of the lists that exist, in their order, some of them at a time.
   * @param only the number of one list: gives that one, or nothing when no token names it
   */
  async *numbers(only?: number): AsyncGenerator<number[]> {
    if (only !== undefined) {
      const { versions } = await this.records.survey([only]);
      if (versions.has(only)) yield [only];
      return;
    }
    for (let last: number | undefined = -1; last !== undefined;) {
      const numbers: number[] = await this.records.numbersAfter(last);
      if (numbers.length > 0) yield numbers;
      last = numbers.at(-1);
    }
  }

  /**
   * Signs lists as they are on record now, a few read at a time.
   * @param lists their numbers; each exists
   * @param known what a list said before: is it still so, nothing is compressed again
   * @param onTooLarge called with a list that the signer in use does not accept, which is then left out; it is thrown unless given
   * @throws what the signer or the database throw
   */
  async *issue(
    lists: readonly number[],
    known: (list: number) => Content | undefined = () => undefined,
    onTooLarge: (error: StatusListTooLarge) => void = rethrow,
  ): AsyncGenerator<SignedStatusList> {
    for (let at = 0; at < lists.length; at += LISTS_AT_ONCE)
      for (const record of await this.records.read(lists.slice(at, at + LISTS_AT_ONCE))) {
        const signed = await this.sign(record, known(record.list));
        if (signed instanceof StatusListTooLarge) onTooLarge(signed);
        else yield signed;
      }
  }

  private async sign(
    record: ListRecord,
    known: Content | undefined,
  ): Promise<SignedStatusList | StatusListTooLarge> {
    const { list, version, readAt, revoked, suspended } = record;
    const statuses = packStatuses(revoked, suspended);
    const content = known?.statuses.equals(statuses)
      ? known
      : { statuses, lst: await compressStatuses(statuses) };
    const claims: StatusListClaims = {
      sub: statusListUri(this.environment.PUBLIC_URL, list),
      iat: readAt,
      exp: readAt + LIFETIME_S,
      ttl: TTL_S,
      status_list: { bits: BITS, lst: content.lst },
    };
    const signer = await this.keyRing.signer();
    try {
      const jws = await signCompact(signer, { typ: STATUS_LIST_TYPE }, claims);
      return { list, version, kid: signer.kid, jws, content };
    } catch (error) {
      if (error instanceof InputTooLarge) return new StatusListTooLarge(list, { cause: error });
      throw error;
    }
  }
}

function rethrow(error: StatusListTooLarge): never {
  throw error;
}
