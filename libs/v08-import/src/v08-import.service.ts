import type { Actor } from '@aegis/audit';
import { transaction } from '@aegis/database';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import {
  asRefusal,
  ImportedCounts,
  type ImportedCustomer,
  LineRefused,
  lockImports,
} from '@aegis/license-import';
import { readApiKeyRow, type V08ApiKey } from './v08-api-keys';
import { readAuditRow, type V08AuditRecord, V08AuditRecords } from './v08-audit-records';
import { readCustomerRow, V08Customers } from './v08-customers';
import { placeFields, noticeFields, refusalFields, rowOf, shownId, type OnV08Finding } from './v08-findings';
import { V08LicenseImport, type V08LicensesReport } from './v08-license-import';
import type { V08Line, V08Source, V08Table } from './v08-source';
import { flagOf, textColumn } from './v08-values';

export interface V08Options {
  /** Does all but keep it. */
  dryRun: boolean;
  onFinding: OnV08Finding;
  onApiKey: (key: V08ApiKey) => void;
  onProgress?: (table: V08Table, line: number) => void;
}

/** Customers of both sides. */
export interface V08CustomersReport {
  v08: { active: number; inactive: number };
  /** Of those that were taken or were on record. */
  here: { active: number; inactive: number };
  created: number;
  unchanged: number;
  refused: number;
}

/** Null: v0.8 had no such table. */
export interface V08Report {
  customers: V08CustomersReport | null;
  licenses: V08LicensesReport | null;
  audit_logs: { v08: number; imported: number; unchanged: number; refused: number } | null;
  api_keys: { total: number; in_use: number } | null;
}

const BATCH = 500;

/** Undoes what a dry run wrote. */
class NothingKept extends Error {}

/** Imports v0.8's data. May be run again: rows on record are left alone, except for new revocations. */
@Injectable()
export class V08Import {
  constructor(
    private readonly dataSource: DataSource,
    private readonly customers: V08Customers,
    private readonly licenses: V08LicenseImport,
    private readonly records: V08AuditRecords,
    private readonly counts: ImportedCounts,
  ) {}

  /**
   * Reads the tables one after another as they flow in, and writes in batches. Ends with a record `import.finished`, if
   * it changed anything.
   * @returns counts of both sides; refused rows were reported
   */
  run(actor: Actor, source: V08Source, options: V08Options): Promise<V08Report> {
    const take = (): Promise<V08Report> => this.takeAll(actor, source, options);
    return options.dryRun ? take() : this.counts.finishing(actor, 'v0.8', take);
  }

  private async takeAll(actor: Actor, source: V08Source, options: V08Options): Promise<V08Report> {
    const now = await this.now();
    const [customers, licenses, records, keys] = (
      ['customers', 'licenses', 'audit_logs', 'api_keys'] as const
    ).map((table) => source.rows(table));
    return {
      customers: customers ? await this.takeCustomers(actor, customers, options) : null,
      licenses: licenses ? await this.licenses.take(actor, licenses, now, options) : null,
      audit_logs: records ? await this.takeRecords(actor, records, now, options) : null,
      api_keys: keys ? await reportApiKeys(keys, now, options) : null,
    };
  }

  private async takeCustomers(
    actor: Actor,
    lines: AsyncIterable<V08Line>,
    options: V08Options,
  ): Promise<V08CustomersReport> {
    const report: V08CustomersReport = {
      v08: { active: 0, inactive: 0 },
      here: { active: 0, inactive: 0 },
      created: 0,
      unchanged: 0,
      refused: 0,
    };
    for await (const batch of batches(lines)) {
      const checked: { line: V08Line; id: string | null; read: ImportedCustomer | LineRefused }[] = [];
      for (const line of batch) {
        const id = 'row' in line ? shownId(textColumn(line.row, 'id')) : null;
        checked.push({ line, id, read: await asRefusal(() => readCustomerRow(rowOf(line))) });
        const active = await asRefusal(() => flagOf(rowOf(line), 'is_active'));
        if (!(active instanceof LineRefused)) report.v08[activity(active)] += 1;
      }
      const readable = checked.flatMap(({ read }) => (read instanceof LineRefused ? [] : [read.customer]));
      const distinct = [...new Map(readable.map((customer) => [customer.id, customer])).values()];
      const outcomes = await this.write(options, (tx) => this.customers.take(tx, actor, distinct));
      const byId = new Map(distinct.map(({ id }, index) => [id, outcomes[index]]));
      for (const { line, id, read } of checked) {
        const outcome = read instanceof LineRefused ? read : byId.get(read.customer.id);
        if (read instanceof LineRefused || outcome === undefined || outcome instanceof LineRefused) {
          report.refused += 1;
          if (outcome instanceof LineRefused)
            options.onFinding({ ...placeFields('customers', line, id), ...refusalFields(outcome) });
          continue;
        }
        const { customer } = read;
        report[outcome.created ? 'created' : 'unchanged'] += 1;
        if (outcome.created)
          for (const adaptation of read.adaptations)
            options.onFinding({ ...placeFields('customers', line, id), ...noticeFields(adaptation) });
        if (outcome.similarId !== null)
          options.onFinding({
            ...placeFields('customers', line, id),
            refused: false,
            code: 'similar_id',
            message: outcome.similarId,
          });
        report.here[activity(outcome.active)] += 1;
        if (outcome.active !== customer.is_active)
          options.onFinding({
            ...placeFields('customers', line, id),
            refused: false,
            code: 'differs_from_record',
            message: `v0.8 says ${activity(customer.is_active)}; on record here it is ${activity(outcome.active)}, which is not changed.`,
          });
      }
      progress(options, 'customers', batch);
    }
    return report;
  }

  private async takeRecords(
    actor: Actor,
    lines: AsyncIterable<V08Line>,
    now: Date,
    options: V08Options,
  ): Promise<NonNullable<V08Report['audit_logs']>> {
    const report = { v08: 0, imported: 0, unchanged: 0, refused: 0 };
    for await (const batch of batches(lines)) {
      const readable: V08AuditRecord[] = [];
      for (const line of batch) {
        report.v08 += 1;
        const record = await asRefusal(() => readAuditRow(rowOf(line)));
        if (!(record instanceof LineRefused)) readable.push(record);
        else {
          report.refused += 1;
          const id = 'row' in line ? shownId(textColumn(line.row, 'id')) : null;
          options.onFinding({ ...placeFields('audit_logs', line, id), ...refusalFields(record) });
        }
      }
      const imported = await this.write(options, (tx) => this.records.take(tx, actor, readable, now));
      report.imported += imported;
      report.unchanged += readable.length - imported;
      progress(options, 'audit_logs', batch);
    }
    return report;
  }

  /** Writes in a transaction of its own, which a dry run undoes. */
  private async write<T>({ dryRun }: V08Options, work: (tx: EntityManager) => Promise<T>): Promise<T> {
    let result: { value: T } | undefined;
    try {
      await transaction(this.dataSource, async (tx) => {
        await lockImports(tx);
        result = { value: await work(tx) };
        if (dryRun) throw new NothingKept();
      });
    } catch (error) {
      if (!(error instanceof NothingKept)) throw error;
    }
    if (!result) throw new Error('a transaction that ends must have a result');
    return result.value;
  }

  private async now(): Promise<Date> {
    const [row] = await this.dataSource.query<{ now: Date }[]>(
      `SELECT date_trunc('milliseconds', clock_timestamp()) AS now`,
    );
    if (!row) throw new Error('The database did not return the time.');
    return row.now;
  }
}

async function reportApiKeys(
  lines: AsyncIterable<V08Line>,
  now: Date,
  { onApiKey, onFinding }: V08Options,
): Promise<NonNullable<V08Report['api_keys']>> {
  const report = { total: 0, in_use: 0 };
  for await (const line of lines) {
    report.total += 1;
    const key = await asRefusal(() => readApiKeyRow(rowOf(line), now));
    if (key instanceof LineRefused) {
      onFinding({ ...placeFields('api_keys', line, null), ...refusalFields(key) });
      continue;
    }
    if (key.in_use) report.in_use += 1;
    onApiKey(key);
  }
  return report;
}

async function* batches(lines: AsyncIterable<V08Line>): AsyncGenerator<V08Line[]> {
  let batch: V08Line[] = [];
  for await (const line of lines) {
    batch.push(line);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function progress({ onProgress }: V08Options, table: V08Table, batch: readonly V08Line[]): void {
  const last = batch.at(-1);
  if (last) onProgress?.(table, last.number);
}

function activity(active: boolean | undefined): 'active' | 'inactive' {
  return active ? 'active' : 'inactive';
}
