import type { Actor } from '@aegis/audit';
import { limitStatements } from '@aegis/database';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { batchesOf, type CheckedLine } from './checked-lines';
import { ImportBatchWriter, NothingWritten } from './import-batch-writer';
import { ImportedCounts } from './import-counts';
import { ImportLineCheck } from './import-line-check';
import { type ImportOptions, type ImportReport, settle, type TakeOptions } from './import-report';

/** Takes over licenses that the predecessor or another server of the same keys has signed. */
@Injectable()
export class LicenseImport {
  constructor(
    private readonly dataSource: DataSource,
    private readonly lines: ImportLineCheck,
    private readonly batches: ImportBatchWriter,
    private readonly counts: ImportedCounts,
  ) {}

  /**
   * Imports JSON Lines of `{token, status?, revoked_at?, revoked_reason?, notes?, customer?}` as they arrive. May be
   * run twice: a token on record is left alone, unless the line says that its license is revoked. Ends with a record
   * `import.finished`, if it changed anything.
   * @param chunks bytes, cut anywhere
   * @returns what was written; a refused line does not keep others from being imported, except in an atomic import
   * @throws what the database throws; lines of earlier transactions are imported then
   */
  run(actor: Actor, chunks: AsyncIterable<Buffer>, options: ImportOptions): Promise<ImportReport> {
    return this.counts.finishing(actor, 'licenses', () =>
      this.take(actor, this.lines.checkLines(chunks), { ...options, source: 'licenses' }),
    );
  }

  /**
   * Imports lines that were checked already, as `run` does, without its end.
   * @param lines numbered upwards
   */
  async take(actor: Actor, lines: AsyncIterable<CheckedLine>, options: TakeOptions): Promise<ImportReport> {
    const report: ImportReport = { imported: 0, revoked: 0, completed: 0, unchanged: 0, refused: 0 };
    const batches = batchesOf(lines);
    if (!options.atomic) {
      for await (const batch of batches)
        settle(batch, await this.batches.writeApart(actor, batch, options), report, options);
      return report;
    }
    try {
      // No second attempt, unlike `transaction`: the lines of a stream can't be read again.
      await this.dataSource.transaction(async (tx) => {
        // The lines may come from a pipe that is slow.
        await limitStatements(tx, { idleInTransactionMs: 0 });
        for await (const batch of batches)
          settle(batch, (await this.batches.write(tx, actor, batch, options)).outcomes, report, options);
        if (report.refused > 0) throw new NothingWritten();
        await this.counts.finishIn(tx, actor, options.source);
      });
      return report;
    } catch (error) {
      if (!(error instanceof NothingWritten)) throw error;
      return { imported: 0, revoked: 0, completed: 0, unchanged: 0, refused: report.refused };
    }
  }
}
