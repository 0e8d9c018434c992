import { type ListSource, newestFirst, type PageQuery } from '@aegis/lists';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ApiKey } from './api-key.entity';

/** What the list of keys can be narrowed to. */
export interface ApiKeyFilters {
  /** Id of a key: those that it made, and those that they made. */
  made_by?: string | undefined;
}

export type ListApiKeys = PageQuery & ApiKeyFilters;

/** UNION, not UNION ALL: it ends even where the rows were changed by hand to make each other. */
const MADE_BY = `api_key.id IN (
  WITH RECURSIVE made (id) AS (
    SELECT id FROM api_keys WHERE created_by = 'api_key:' || :made_by
    UNION
    SELECT api_keys.id FROM api_keys JOIN made ON api_keys.created_by = 'api_key:' || made.id
  )
  SELECT id FROM made)`;

@Injectable()
export class ApiKeyList {
  constructor(private readonly dataSource: DataSource) {}

  /** The keys that were not deleted and match the filter, newest first. Deleted keys count as makers of others. */
  source({ made_by }: ApiKeyFilters): ListSource<ApiKey> {
    const rows = this.dataSource.createQueryBuilder(ApiKey, 'api_key').where('api_key.deleted_at IS NULL');
    if (made_by !== undefined) rows.andWhere(MADE_BY, { made_by });
    return { rows, order: newestFirst('api_key', 'text'), list: { list: 'api_keys', made_by } };
  }
}
