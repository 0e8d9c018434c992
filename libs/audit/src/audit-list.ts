import { highestFirst, type ListSource, type PageQuery } from '@aegis/lists';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AuditRecord } from './audit-record.entity';
import { EVENT_TYPES, type EventType } from './event-types';

/** What the audit trail can be narrowed to. */
export interface AuditFilters {
  event_type?: EventType;
  /** Verdict of a validation, e.g. `REVOKED`. */
  code?: string;
  /** What a record is about: `api_key:<id>`, `customer:<id>` or `signing_key:<kid>`. */
  subject?: string;
  license_id?: string;
  customer_id?: string;
  api_key_id?: string;
  request_id?: string;
  /** Recorded at this time or later. */
  since?: Date;
  /** Recorded before this time. */
  until?: Date;
}

export type ListAuditLogs = PageQuery & AuditFilters;

type Condition = (value: unknown) => { sql: string; parameters: Record<string, unknown> };

const CONDITIONS: Readonly<Record<keyof AuditFilters, Condition>> = {
  event_type: compared('event_type', '='),
  code: ofVerdict,
  subject: aboutSubject,
  license_id: compared('license_id', '='),
  customer_id: compared('customer_id', '='),
  api_key_id: compared('api_key_id', '='),
  request_id: compared('request_id', '='),
  since: compared('recorded_at', '>=', 'since'),
  until: compared('recorded_at', '<', 'until'),
};

/** The kinds of `subject`. */
export const SUBJECT_KINDS = ['api_key', 'customer', 'signing_key', 'webhook'] as const;

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
      const { sql, parameters } = CONDITIONS[name](query[name]);
      rows.andWhere(sql, parameters);
    }
    return { rows, order: highestFirst('record', 'id'), list };
  }
}

function compared(column: string, operator: '=' | '>=' | '<', name = column): Condition {
  return (value) => ({ sql: `record.${column} ${operator} :${name}`, parameters: { [name]: value } });
}

const SUBJECT = `coalesce(record.event_data ->> 'kid', record.event_data ->> 'id', record.customer_id)`;

/**
 * Refusals have a separate index (`audit_logs_by_code`); most validations are `VALID`, so it leaves those out. The
 * planner assumes that a CASE is true for half of the records. For a comparison it would assume that few match, and
 * sort all of them.
 */
function ofVerdict(code: unknown): ReturnType<Condition> {
  const sql =
    code === 'VALID'
      ? `CASE WHEN record.event_data ->> 'code' = :code THEN true ELSE false END
         AND record.event_type = 'license.validated'`
      : `record.event_data ->> 'code' = :code
         AND record.event_data ->> 'code' <> 'VALID' AND octet_length(record.event_data ->> 'code') <= 200`;
  return { sql, parameters: { code } };
}

/**
 * Each event that is not about a license names one resource; `audit_logs_by_subject` finds it.
 * @param subject `<kind>:<id>`, of a known kind
 */
function aboutSubject(subject: unknown): ReturnType<Condition> {
  const [, kind = '', id] = /^([a-z_]+):(.*)$/s.exec(String(subject)) ?? [];
  return {
    sql: `record.event_type !~ '^license[.]' AND record.event_type IN (:...subjectEvents)
      AND octet_length(${SUBJECT}) <= 200 AND ${SUBJECT} = :subjectId`,
    parameters: {
      subjectEvents: EVENT_TYPES.filter((type) => type.startsWith(`${kind}.`)),
      subjectId: id,
    },
  };
}
