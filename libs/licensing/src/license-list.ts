import type { LicenseType } from '@aegis/license-token';
import { byCreation, type ListOrder, type ListSource, type PageQuery } from '@aegis/lists';
import { Injectable } from '@nestjs/common';
import { DataSource, type SelectQueryBuilder } from 'typeorm';
import { License } from './license.entity';
import { beginsInLicense, isExactlySql } from './license-search';
import { endSql, hasStatusSql, type LicenseStatus, mayStillLastSql } from './state/license-status';

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

/** As a range, which an index reads and the planner knows the size of. */
const HAS_END = `${endSql('license')} < 'infinity'`;

/** SQL of the filters that compare a column with what was given; `expires_*` never finds a perpetual license. */
const CONDITIONS = {
  customer_id: isExactlySql('license.customer_id', ':customer_id'),
  module_name: isExactlySql('license.module_name', ':module_name'),
  license_type: 'license.license_type = :license_type',
  key_id: 'license.key_id = :key_id',
  expires_before: `${endSql('license')} < :expires_before`,
  expires_after: `${endSql('license')} > :expires_after AND ${HAS_END}`,
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

/** Stands still within a statement, or no index finds what is past its end. */
const NOW = 'statement_timestamp()';

/** Filters by which an index finds licenses in the order of their creation. */
const BY_CREATION_FILTERS = ['customer_id', 'module_name', 'license_type', 'key_id', 'q'] as const;
const PERPETUAL: LicenseType = 'perpetual';

@Injectable()
export class LicenseList {
  constructor(private readonly dataSource: DataSource) {}

  /** The licenses that match every filter. */
  source(query: ListLicenses): ListSource<License> {
    const { page, page_size, cursor, ...list } = query;
    const rows = this.soonest(query);
    if (query.license_type !== undefined && ORDERS[query.sort].keys === BY_EXPIRY)
      // What the type says of the end, so that the others are not read: perpetual licenses are in a row.
      rows.andWhere(query.license_type === PERPETUAL ? `${endSql('license')} = 'infinity'` : HAS_END);
    return {
      rows,
      counted: this.counted(query),
      // The planner knows nothing of the longest grace.
      estimated: this.matching(query),
      order: ORDERS[query.sort],
      list: { ...list },
    };
  }

  /** Where nothing else narrows them, licenses with ends in some time are counted in the order of their ends. */
  private counted(query: ListLicenses): SelectQueryBuilder<License> {
    const isByEnd =
      BY_CREATION_FILTERS.every((name) => query[name] === undefined) &&
      (query.expires_after !== undefined ||
        query.expires_before !== undefined ||
        query.status === 'active' ||
        query.status === 'expired');
    const rows = isByEnd ? this.soonest(query) : this.matching(query);
    for (const { expression } of isByEnd ? BY_EXPIRY : BY_CREATION) rows.addOrderBy(expression);
    return rows;
  }

  /** The same rows, for a statement that reads them in the order of their ends. */
  private soonest(query: ListLicenses): SelectQueryBuilder<License> {
    const rows = this.matching(query);
    return query.status === 'active' ? rows.andWhere(mayStillLastSql('license', NOW)) : rows;
  }

  private matching(filters: LicenseFilters): SelectQueryBuilder<License> {
    const rows = this.dataSource.manager.createQueryBuilder(License, 'license');
    for (const [name, condition] of Object.entries(CONDITIONS)) {
      const value = filters[name as keyof typeof CONDITIONS];
      if (value !== undefined) rows.andWhere(condition, { [name]: value });
    }
    if (filters.status !== undefined) rows.andWhere(hasStatusSql(filters.status, 'license', NOW));
    if (filters.q !== undefined) rows.andWhere(beginsInLicense('license', filters.q));
    return rows;
  }
}
