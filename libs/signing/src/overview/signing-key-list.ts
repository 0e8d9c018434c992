import { Environment } from '@aegis/config';
import type { ListOrder, ListSource } from '@aegis/lists';
import { Injectable } from '@nestjs/common';
import { DataSource, type SelectQueryBuilder } from 'typeorm';
import { KeyRing } from '../ring/key-ring.service';
import { SigningKeyNotFound } from '../signing.errors';
import { ListedKey } from './listed-key.entity';

const NEWEST_FIRST: ListOrder<ListedKey> = {
  keys: [
    {
      expression: 'signing_key.created_at',
      kind: 'timestamp',
      type: 'timestamptz',
      of: ({ created_at }) => created_at.toISOString(),
    },
    { expression: 'signing_key.kid', kind: 'text', type: 'text', of: ({ kid }) => kid },
  ],
  direction: 'DESC',
};

/** Reads the signing keys on record for people: states, licenses, servers and what to do next. Nothing private is read. */
@Injectable()
export class SigningKeyList {
  constructor(
    private readonly dataSource: DataSource,
    private readonly keyRing: KeyRing,
    private readonly environment: Environment,
  ) {}

  /** Every key on record, newest first. */
  source(): ListSource<ListedKey> {
    return { rows: this.keys(), order: NEWEST_FIRST, list: { list: 'signing_keys' } };
  }

  /**
   * One key on record.
   * @throws SigningKeyNotFound
   */
  async find(kid: string): Promise<ListedKey> {
    const key = await this.keys().where({ kid }).getOne();
    if (key === null) throw new SigningKeyNotFound(kid);
    return key;
  }

  private keys(): SelectQueryBuilder<ListedKey> {
    return this.dataSource
      .createQueryBuilder(ListedKey, 'signing_key')
      .setParameters({ heldKids: this.keyRing.heldKids, signer: this.environment.SIGNER });
  }
}
