import { v08TableProblem, type V08Line, type V08Source, type V08Table } from '@aegis/v08-import';
import { type CsvError, type Info, parse } from 'csv-parse';
import { constants, lstatSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { TextDecoderStream } from 'node:stream/web';
import { Readable } from 'node:stream';
import { UsageProblem } from '../terminal/usage-problem';

/** Longest row, in bytes: an unclosed quotation mark must not take all memory. */
const MAX_ROW_BYTES = 1_048_576;
/** The names of v0.8's columns take a few hundred bytes. */
const MAX_HEADER_BYTES = 8_192;

interface Parsed {
  record: (string | null)[];
  info: Info;
}

/**
 * v0.8's tables as files `<table>.csv`, as PostgreSQL's `COPY … TO … (FORMAT csv, HEADER)` writes them: RFC 4180,
 * columns named in the first row, an unquoted empty cell is NULL. Spreadsheets in many countries separate by `;`, some
 * tools by tabs: what separates the names of the columns separates all cells.
 */
export class V08Csv implements V08Source {
  /** @throws UsageProblem when the folder has no licenses.csv, or can't be looked into */
  constructor(private readonly folder: string) {
    if (!this.has('licenses'))
      throw new UsageProblem(
        `${this.pathOf('licenses')} is missing: --from is a folder of CSV or a postgres:// URL.`,
      );
  }

  rows(table: V08Table): AsyncIterable<V08Line> | undefined {
    return this.has(table) ? this.read(table) : undefined;
  }

  /** A link counts, wherever it leads: a table that can't be read must not pass for one that v0.8 did not have. */
  private has(table: V08Table): boolean {
    try {
      return lstatSync(this.pathOf(table), { throwIfNoEntry: false }) !== undefined;
    } catch (error) {
      throw this.problemOf(table, error);
    }
  }

  private pathOf(table: V08Table): string {
    return join(this.folder, `${table}.csv`);
  }

  private async *read(table: V08Table): AsyncGenerator<V08Line> {
    const file = await this.open(table);
    try {
      yield* this.linesOf(table, file);
    } catch (error) {
      throw this.problemOf(table, error);
    } finally {
      await file.close();
    }
  }

  /** Does not wait for the other end of a pipe. What is judged, read first and read whole is one file, whatever its name becomes. */
  private async open(table: V08Table): Promise<FileHandle> {
    const file = await open(this.pathOf(table), constants.O_RDONLY | constants.O_NONBLOCK).catch(
      (error: unknown) => {
        throw this.problemOf(table, error);
      },
    );
    if ((await file.stat()).isFile()) return file;
    await file.close();
    throw new UsageProblem(`${this.pathOf(table)} is not a regular file.`);
  }

  private async *linesOf(table: V08Table, file: FileHandle): AsyncGenerator<V08Line> {
    const skipped: V08Line[] = [];
    const parser = parse({
      bom: true,
      delimiter: await delimiterOf(file),
      info: true,
      cast: (value, { quoting }) => (value === '' && !quoting ? null : value),
      max_record_size: MAX_ROW_BYTES,
      skip_records_with_error: true,
      on_skip: (error) => {
        if (error) skipped.push(unreadable(error));
        return undefined;
      },
    });
    const text = Readable.toWeb(file.createReadStream({ start: 0, autoClose: false })).pipeThrough(
      new TextDecoderStream('utf-8', { fatal: true }),
    );
    const source = Readable.fromWeb(text as Parameters<typeof Readable.fromWeb>[0]);
    source.on('error', (error) => parser.destroy(error)).pipe(parser);
    let columns: string[] | undefined;
    try {
      for await (const { record, info } of parser as AsyncIterable<Parsed>) {
        if (!columns) {
          columns = record.map((column) => column ?? '');
          const problem = v08TableProblem(table, columns);
          if (problem !== undefined) throw new UsageProblem(`${this.pathOf(table)}: ${problem}.`);
          continue;
        }
        yield* skipped.splice(0);
        const named = columns.map((column, index) => [column, record[index] ?? null] as const);
        yield { number: info.lines, row: new Map(named) };
      }
    } finally {
      source.destroy();
    }
    if (!columns)
      throw new UsageProblem(`${this.pathOf(table)} is empty: its first row must name the columns.`);
    yield* skipped;
  }

  private problemOf(table: V08Table, error: unknown): unknown {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
      return new UsageProblem(`${this.pathOf(table)} is not UTF-8: copy it with ENCODING 'UTF8'.`);
    if (/^(CSV_|E[A-Z]+$)/.test(code))
      return new UsageProblem(`${this.pathOf(table)} can't be read (${code}).`);
    return error;
  }
}

/** No name of a column has any of these characters in it. */
async function delimiterOf(file: FileHandle): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_HEADER_BYTES), 0, MAX_HEADER_BYTES, 0);
  const [names = ''] = buffer.toString('utf8', 0, bytesRead).split(/[\r\n]/, 1);
  return [',', ';', '\t'].find((delimiter) => names.includes(delimiter)) ?? ',';
}

function unreadable(error: CsvError): V08Line {
  const { code, lines } = error as CsvError & { lines?: number };
  return { number: lines ?? 0, unreadable: code };
}
