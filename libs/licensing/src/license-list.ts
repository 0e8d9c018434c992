import type { LicenseType } from '@aegis/license-token';
import { byCreation, type ListOrder, type ListSource, type PageQuery, whereBeginsWith } from '@aegis/lists';
import { Injectable } from '@nestjs/common';
import { DataSource, type SelectQueryBuilder } from 'typeorm';
import { License } from './license.entity';
import { endSql, hasStatusSql, type LicenseStatus } from './state/license-status';

export const LICENSE_SORTS = ['created_at', '-created_at', 'expires_at', '-expires_at'] as const;
export type LicenseSort = (typeof LICENSE_SORTS)[number];

/** What a list of licenses can be narrowed to. */
export interface LicenseFilters {
  customer_id?: string;
  module_name?: string;
  license_type?: LicenseType;
  status?: LicenseStatus;
  key_id?: string;
  expires_before?: Date;
  expires_after?: Date;
  /** Beginning of an id, a module's name or a customer's id. */
  q?: string;
}

export type ListLicenses = PageQuery & LicenseFilters & { sort: LicenseSort };

/** SQL of the filters that compare a column with what was given; `expires_*` never finds a perpetual license. */
const CONDITIONS = {
  customer_id: 'license.customer_id = :customer_id',
  module_name: 'license.module_name = :module_name',
  license_type: 'license.license_type = :license_type',
  key_id: 'license.key_id = :key_id',
  expires_before: `${endSql('license')} < :expires_before`,
  expires_after: `${endSql('license')} > :expires_after AND license.expires_at IS NOT NULL`,
} as const satisfies Partial<Record<keyof LicenseFilters, string>>;

const BY_CREATION = byCreation<License>('license', 'uuid');
const BY_EXPIRY: ListOrder<License>['keys'] = [
  {
    expression: endSql('license'),
    kind: 'timestamp-or-null',
    type: 'timestamptz',
    of: ({ expires_at }) => expires_at?.toISOString() ?? null,
    ifNull: 'infinity',
  },
  { expression: 'license.id', kind: 'uuid', type: 'uuid', of: ({ id }) => id },
];

const ORDERS: Readonly<Record<LicenseSort, ListOrder<License>>> = {
  created_at: { keys: BY_CREATION, direction: 'ASC' },
  '-created_at': { keys: BY_CREATION, direction: 'DESC' },
  expires_at: { keys: BY_EXPIRY, direction: 'ASC' },
  '-expires_at': { keys: BY_EXPIRY, direction: 'DESC' },
};

@Injectable()
export class LicenseList {
  constructor(private readonly dataSource: DataSource) {}

  /** The licenses that match every filter. */
  source(query: ListLicenses): ListSource<License> {
    const { page, page_size, cursor, ...list } = query;
    return { rows: this.matching(query), order: ORDERS[query.sort], list: { ...list } };
  }

  private matching(filters: LicenseFilters): SelectQueryBuilder<License> {
    const rows = this.dataSource.manager.createQueryBuilder(License, 'license');
    for (const [name, condition] of Object.entries(CONDITIONS)) {
      const value = filters[name as keyof typeof CONDITIONS];
      if (value !== undefined) rows.andWhere(condition, { [name]: value });
    }
    if (filters.status !== undefined) rows.andWhere(hasStatusSql(filters.status, 'license'));
    if (filters.q !== undefined)
      whereBeginsWith(rows, ['license.id::text', 'license.module_name', 'license.customer_id'], filters.q);
    return rows;
  }
}
