import type { ListOrder, ListSource } from '@aegis/web';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ApiKey } from './api-key.entity';

const NEWEST_FIRST: ListOrder<ApiKey> = {
  keys: [
    {
      expression: 'api_key.created_at',
      kind: 'timestamp',
      type: 'timestamptz',
      of: ({ created_at }) => created_at.toISOString(),
    },
    { expression: 'api_key.id', kind: 'text', type: 'text', of: ({ id }) => id },
  ],
  direction: 'DESC',
};

@Injectable()
export class ApiKeyList {
  constructor(private readonly dataSource: DataSource) {}

  /** The keys that were not deleted, newest first. */
  source(): ListSource<ApiKey> {
    const rows = this.dataSource.createQueryBuilder(ApiKey, 'api_key').where('api_key.deleted_at IS NULL');
    return { rows, order: NEWEST_FIRST, list: { list: 'api_keys' } };
  }
}
