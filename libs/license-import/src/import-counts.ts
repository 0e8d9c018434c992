import { type Actor, AuditLog } from '@aegis/audit';
import { transaction } from '@aegis/database';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { lockImports } from './license-import-lock';

/** Where what is imported comes from: a file of licenses, or v0.8. */
export type ImportSource = 'licenses' | 'v0.8';

const COUNTS = [
  'licenses_imported',
  'licenses_revoked',
  'licenses_completed',
  'customers_created',
  'audit_records_imported',
] as const;

/** How many of each an import has changed; those that are absent: none. */
export type ImportCounts = Partial<Record<(typeof COUNTS)[number], number>>;

const ADD = `
  INSERT INTO import_counts AS known (source, ${COUNTS.join(', ')})
  VALUES ($1, ${COUNTS.map((_, index) => `$${index + 2}`).join(', ')})
  ON CONFLICT (source) DO UPDATE SET ${COUNTS.map((name) => `${name} = known.${name} + excluded.${name}`).join(', ')}`;

const TAKE = `DELETE FROM import_counts WHERE source = $1 RETURNING ${COUNTS.join(', ')}`;

/**
 * What imports have changed and no record says yet. An import is many transactions: each adds what it changes, and the
 * last takes all of it and says so. Of an import that was killed the next one of the same source says it.
 */
@Injectable()
export class ImportedCounts {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
  ) {}

  /** @param tx that of the change; no other import writes while it runs */
  async add(tx: EntityManager, source: ImportSource, counts: ImportCounts): Promise<void> {
    const numbers = COUNTS.map((name) => counts[name] ?? 0);
    if (numbers.some((number) => number > 0)) await tx.query(ADD, [source, ...numbers]);
  }

  /** Ends an import with the record `import.finished`, unless nothing was changed. */
  async finish(actor: Actor, source: ImportSource): Promise<void> {
    await transaction(this.dataSource, async (tx) => {
      await lockImports(tx);
      await this.finishIn(tx, actor, source);
    });
  }

  /** As `finish`, in the transaction of an import that has only one. */
  async finishIn(tx: EntityManager, actor: Actor, source: ImportSource): Promise<void> {
    const [[counts]] = await tx.query<[Record<(typeof COUNTS)[number], string>[], number]>(TAKE, [source]);
    if (counts === undefined) return;
    await this.audit.append(tx, {
      type: 'import.finished',
      actor,
      data: { source, ...Object.fromEntries(COUNTS.map((name) => [name, Number(counts[name])])) },
    });
  }

  /**
   * Runs an import and ends it. One that breaks off is ended too, as far as that is possible: what it has written stays.
   * @returns what `run` returned
   * @throws what it threw
   */
  async finishing<T>(actor: Actor, source: ImportSource, run: () => Promise<T>): Promise<T> {
    let result: T;
    try {
      result = await run();
    } catch (error) {
      // The next import says it if this is not possible now.
      await this.finish(actor, source).catch(() => undefined);
      throw error;
    }
    await this.finish(actor, source);
    return result;
  }
}
