import type { ListOrder, ListSource, PageQueryDto } from '@aegis/web';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AuditRecord } from './audit-record.entity';

/** What the audit trail can be narrowed to. */
export interface AuditFilters {
  event_type?: string;
  license_id?: string;
  customer_id?: string;
  api_key_id?: string;
  request_id?: string;
  /** Recorded at this time or later. */
  since?: Date;
  /** Recorded before this time. */
  until?: Date;
}

export type ListAuditLogs = PageQueryDto & AuditFilters;

const CONDITIONS: Readonly<Record<keyof AuditFilters, string>> = {
  event_type: 'record.event_type = :event_type',
  license_id: 'record.license_id = :license_id',
  customer_id: 'record.customer_id = :customer_id',
  api_key_id: 'record.api_key_id = :api_key_id',
  request_id: 'record.request_id = :request_id',
  since: 'record.recorded_at >= :since',
  until: 'record.recorded_at < :until',
};

const NEWEST_FIRST: ListOrder<AuditRecord> = {
  keys: [{ expression: 'record.id', kind: 'integer', type: 'bigint', of: ({ id }) => id }],
  direction: 'DESC',
};

@Injectable()
export class AuditList {
  constructor(private readonly dataSource: DataSource) {}

  /** The records that match every filter, newest first. */
  source(query: ListAuditLogs): ListSource<AuditRecord> {
    const rows = this.dataSource.manager.createQueryBuilder(AuditRecord, 'record');
    const list: Partial<Record<keyof AuditFilters, unknown>> = {};
    for (const name of Object.keys(CONDITIONS) as (keyof AuditFilters)[]) {
      if (query[name] === undefined) continue;
      list[name] = query[name];
      rows.andWhere(CONDITIONS[name], { [name]: query[name] });
    }
    return { rows, order: NEWEST_FIRST, list };
  }
}
