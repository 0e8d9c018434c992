import type { Actor } from '@aegis/audit';
import { isInputRefused, transaction } from '@aegis/database';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { CheckedLine } from './checked-lines';
import type { ImportSource } from './import-counts';
import type { TakeOptions } from './import-report';
import { lockImports } from './license-import-lock';
import { LineRefused } from './license-import-refusal';
import { LicenseImportWriter } from './license-import-writer';
import type { LineOutcome, ProvenLine } from './line-outcome';

/** The results of a batch. */
interface Written {
  /** Of each line, in the same order. */
  outcomes: LineOutcome[];
  /** To be called once it is durable. */
  afterwards: () => void;
}

/** Undoes an atomic import, and a dry run. */
export class NothingWritten extends Error {}

/** Writes the lines of an import batch by batch; lines that the database refuses keep no others of their batch back. */
@Injectable()
export class ImportBatchWriter {
  constructor(
    private readonly dataSource: DataSource,
    private readonly writer: LicenseImportWriter,
  ) {}

  /** Writes a batch in a transaction of its own, which a dry run undoes. */
  async writeApart(
    actor: Actor,
    batch: readonly CheckedLine[],
    options: TakeOptions,
  ): Promise<LineOutcome[]> {
    let written: Written = { outcomes: [], afterwards: () => undefined };
    try {
      await transaction(this.dataSource, async (tx) => {
        written = await this.write(tx, actor, batch, options);
        if (options.dryRun) throw new NothingWritten();
      });
    } catch (error) {
      if (!(error instanceof NothingWritten)) throw error;
    }
    written.afterwards();
    return written.outcomes;
  }

  async write(
    tx: EntityManager,
    actor: Actor,
    batch: readonly CheckedLine[],
    { inspect, source }: TakeOptions,
  ): Promise<Written> {
    const lines = batch.flatMap(({ checked }) => (checked instanceof LineRefused ? [] : [checked]));
    await lockImports(tx);
    const written =
      (await this.writeAll(tx, actor, source, lines)) ?? (await this.writeEach(tx, actor, source, lines));
    let next = 0;
    const outcomes = batch.map(({ checked }) => {
      const outcome = checked instanceof LineRefused ? checked : written[next++];
      if (outcome === undefined) throw new Error('each line must have an outcome');
      return outcome;
    });
    return { outcomes, afterwards: (await inspect?.(tx, batch, outcomes)) ?? (() => undefined) };
  }

  /** @returns undefined when the database refuses a row; nothing is written then */
  private async writeAll(
    tx: EntityManager,
    actor: Actor,
    source: ImportSource,
    lines: readonly ProvenLine[],
  ): Promise<LineOutcome[] | undefined> {
    try {
      // Within a transaction this is a savepoint.
      return await tx.transaction((savepoint) => this.writer.write(savepoint, actor, source, lines));
    } catch (error) {
      if (isInputRefused(error)) return undefined;
      throw error;
    }
  }

  private async writeEach(
    tx: EntityManager,
    actor: Actor,
    source: ImportSource,
    lines: readonly ProvenLine[],
  ): Promise<LineOutcome[]> {
    const outcomes: LineOutcome[] = [];
    for (const line of lines) {
      const [outcome] = (await this.writeAll(tx, actor, source, [line])) ?? [];
      outcomes.push(
        outcome ?? new LineRefused('refused_by_database', 'The database refuses the content of the line.'),
      );
    }
    return outcomes;
  }
}
