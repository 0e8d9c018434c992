import type { Actor } from '@aegis/audit';
import { Environment } from '@aegis/config';
import { isInputRefused, limitStatements, transaction } from '@aegis/database';
import { KeyRing } from '@aegis/signing';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { ImportedCounts, type ImportSource } from './import-counts';
import type { Adaptation } from './import-texts';
import { customerOfToken, type ImportFields, readImportLine } from './license-import-fields';
import { type Line, readLines } from './license-import-lines';
import { lockImports } from './license-import-lock';
import { proveToken } from './license-import-proof';
import { LineRefused, type Refusal } from './license-import-refusal';
import { seatsOfLine } from './license-import-seats';
import { LicenseImportWriter, type LineOutcome, type ProvenLine } from './license-import-writer';

const BATCH_LINES = 200;

/** Lines that were imported, revoked here, completed what is here, were left alone, and were refused. */
export interface ImportReport {
  imported: number;
  /** Licenses on record that a line says are revoked. */
  revoked: number;
  /** Licenses on record, after a restore, without the text of their token: they have it now. */
  completed: number;
  /** Licenses on record already; what the line says of them changes nothing. */
  unchanged: number;
  refused: number;
}

/** What was taken differently from a line. */
export interface AdaptedLine extends Adaptation {
  /** From 1. */
  line: number;
}

export interface ImportOptions {
  /** All lines or none; otherwise the correct lines, in transactions of some hundred lines. */
  atomic: boolean;
  /** Called with each refusal, in the order of the lines. */
  onRefusal: (refusal: Refusal) => void;
  /** Called, in the order of the lines, with what was imported differently from the source. */
  onAdaptation?: (adapted: AdaptedLine) => void;
  /** Called now and then with the number of the last line that was processed. */
  onProgress?: (line: number) => void;
}

/** What else is asked of an import whose lines were checked elsewhere. */
export interface TakeOptions extends ImportOptions {
  /** Whose counts what is changed is added to; the caller ends the import with them. */
  source: ImportSource;
  /** Does all but keep it. */
  dryRun?: boolean;
  /**
   * Called in its transaction with the results of a batch.
   * @returns what to do once it is durable, or undone by a dry run
   */
  inspect?: (
    tx: EntityManager,
    batch: readonly CheckedLine[],
    outcomes: readonly LineOutcome[],
  ) => Promise<() => void>;
}

/** A line as far as it was checked without the database. */
export interface CheckedLine {
  number: number;
  checked: ProvenLine | LineRefused;
}

/** The results of a batch. */
interface Written {
  /** Of each line, in the same order. */
  outcomes: LineOutcome[];
  /** To be called once it is durable. */
  afterwards: () => void;
}

/** Undoes an atomic import, and a dry run. */
class NothingWritten extends Error {}

/** Takes over licenses that the predecessor or another server of the same keys has signed. */
@Injectable()
export class LicenseImport {
  private readonly acceptedIssuers: readonly string[];

  constructor(
    private readonly dataSource: DataSource,
    private readonly keyRing: KeyRing,
    private readonly writer: LicenseImportWriter,
    private readonly environment: Environment,
    private readonly counts: ImportedCounts,
  ) {
    this.acceptedIssuers = [environment.LICENSE_ISSUER, ...(environment.ACCEPTED_ISSUERS ?? [])];
  }

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
      this.take(actor, this.checkLines(chunks), { ...options, source: 'licenses' }),
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
        settle(batch, await this.writeApart(actor, batch, options), report, options);
      return report;
    }
    try {
      // No second attempt, unlike `transaction`: the lines of a stream can't be read again.
      await this.dataSource.transaction(async (tx) => {
        // The lines may come from a pipe that is slow.
        await limitStatements(tx, { idleInTransactionMs: 0 });
        for await (const batch of batches)
          settle(batch, (await this.write(tx, actor, batch, options)).outcomes, report, options);
        if (report.refused > 0) throw new NothingWritten();
        await this.counts.finishIn(tx, actor, options.source);
      });
      return report;
    } catch (error) {
      if (!(error instanceof NothingWritten)) throw error;
      return { imported: 0, revoked: 0, completed: 0, unchanged: 0, refused: report.refused };
    }
  }

  /**
   * Proves the token of a line.
   * @throws LineRefused
   */
  async prove({ token, seats: given, ...fields }: ImportFields): Promise<ProvenLine> {
    const proven = await proveToken(token, this.keyRing, this.acceptedIssuers, this.environment.PUBLIC_URL);
    const seats = seatsOfLine(given, proven.claims.seats);
    if (fields.customer === null) {
      const { customer, adaptations } = customerOfToken(proven.claims.customer);
      return { ...fields, ...proven, seats, customer, adaptations: [...fields.adaptations, ...adaptations] };
    }
    if (fields.customer.id !== proven.claims.customer.id)
      throw new LineRefused('customer_mismatch', 'customer.id differs from the token.');
    return { ...fields, ...proven, seats, customer: fields.customer };
  }

  private async *checkLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<CheckedLine> {
    for await (const line of readLines(chunks))
      yield { number: line.number, checked: await asRefusal(() => this.check(line)) };
  }

  private check(line: Line): Promise<ProvenLine> {
    if (!('text' in line)) throw new LineRefused('malformed_line', `The line is ${line.unreadable}.`);
    return this.prove(readImportLine(line.text));
  }

  /** Writes a batch in a transaction of its own, which a dry run undoes. */
  private async writeApart(
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

  private async write(
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

/** Runs a check whose refusal is an answer like any other. */
export async function asRefusal<T>(check: () => Promise<T> | T): Promise<T | LineRefused> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof LineRefused) return error;
    throw error;
  }
}

/** A license occurs once in a batch, so that its second line finds what the first has written. */
async function* batchesOf(lines: AsyncIterable<CheckedLine>): AsyncGenerator<CheckedLine[]> {
  let batch: CheckedLine[] = [];
  let licenses = new Set<string>();
  for await (const line of lines) {
    const id = line.checked instanceof LineRefused ? undefined : line.checked.claims.jti;
    if (batch.length === BATCH_LINES || (id !== undefined && licenses.has(id))) {
      yield batch;
      batch = [];
      licenses = new Set();
    }
    batch.push(line);
    if (id !== undefined) licenses.add(id);
  }
  if (batch.length > 0) yield batch;
}

/** Counts the results of a batch and reports its refusals. */
function settle(
  batch: readonly CheckedLine[],
  outcomes: readonly LineOutcome[],
  report: ImportReport,
  { onRefusal, onAdaptation, onProgress }: ImportOptions,
): void {
  batch.forEach(({ number: line, checked }, index) => {
    const outcome = outcomes[index];
    if (outcome === undefined) throw new Error('each line must have an outcome');
    if (outcome instanceof LineRefused) {
      report.refused += 1;
      onRefusal({ line, code: outcome.code, message: outcome.message });
      return;
    }
    report[outcome] += 1;
    // What else the line says of a license on record is not taken.
    if (checked instanceof LineRefused || outcome === 'unchanged' || outcome === 'completed') return;
    for (const adaptation of checked.adaptations) onAdaptation?.({ line, ...adaptation });
  });
  const last = batch.at(-1);
  if (last) onProgress?.(last.number);
}
