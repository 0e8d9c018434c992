import { jsonLine } from '@aegis/json';
import type { ReissuedLicense } from '@aegis/licensing';
import { csv } from '@aegis/lists';
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { outputPath, outputTarget } from '../terminal/output-path';
import { UsageProblem } from '../terminal/usage-problem';

const { O_RDONLY, O_NONBLOCK } = constants;
const COLUMNS = [
  'license_id',
  'customer_id',
  'module_name',
  'old_key_id',
  'new_key_id',
  'revision',
  'expires_at',
  'token',
] as const satisfies readonly (keyof ReissuedLicense)[];

interface Format {
  head: string;
  /** What a file of ours begins with: no other is ever replaced. */
  begins: string;
  lines(licenses: readonly ReissuedLicense[]): string;
}

const FORMATS: Readonly<Record<string, Format>> = {
  '.ndjson': {
    head: '',
    begins: '{"license_id":',
    lines: (licenses) => licenses.map((license) => `${jsonLine(pick(license))}\n`).join(''),
  },
  // RFC 4180, as the API's lists.
  '.csv': {
    head: csv([[...COLUMNS]]),
    begins: 'license_id,',
    lines: (licenses) => csv(licenses.map((license) => COLUMNS.map((column) => cell(license[column])))),
  },
};

/**
 * The file that says which customer must get which token. Its tokens are credentials: only its owner may read
 * it. It says what the database says, so that it can be written again after any crash.
 */
export class ResignReportFile {
  private constructor(
    private readonly file: FileHandle,
    private readonly format: Format,
  ) {}

  /**
   * Writes a report of what is done already, in place of an older report if there is one, and keeps it open.
   * @param path ends in .ndjson or .csv
   * @throws UsageProblem when it can't be written, or is there and no report
   */
  static async begin(
    path: string,
    done: AsyncIterable<readonly ReissuedLicense[]>,
  ): Promise<ResignReportFile> {
    const format = await formatOf(path);
    const target = outputPath(path);
    const draft = join(dirname(target), `.${basename(target)}.${randomBytes(8).toString('hex')}.draft`);
    const file = await open(draft, 'wx', 0o600).catch((error: unknown) => unwritable(path, error));
    const report = new ResignReportFile(file, format);
    try {
      await file.writeFile(format.head);
      for await (const licenses of done) await file.appendFile(format.lines(licenses));
      await file.sync();
      await rename(draft, target);
      await syncDirectory(dirname(target));
      return report;
    } catch (error) {
      await file.close();
      await unlink(draft).catch(() => undefined);
      throw error;
    }
  }

  /** Adds licenses; once this returns, they are on disk. */
  async add(licenses: readonly ReissuedLicense[]): Promise<void> {
    await this.file.appendFile(this.format.lines(licenses));
    await this.file.datasync();
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

/**
 * Checks early whether a report can be written there.
 * @throws UsageProblem
 */
export async function formatOf(path: string): Promise<Format> {
  const format = FORMATS[extname(path).toLowerCase()];
  if (!format) throw new UsageProblem('--report must end in .ndjson or .csv.');
  try {
    // Something that is not a report may be a pipe.
    const file = await open(outputTarget(path), O_RDONLY | O_NONBLOCK);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
      if (bytesRead > 0 && !buffer.toString('utf8').startsWith(format.begins))
        throw new UsageProblem(`${path} exists and is not such a report: choose another name.`);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof UsageProblem) throw error;
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') unwritable(path, error);
  }
  return format;
}

/** The members in a fixed order, no matter in which order the database returned them. */
function pick(license: ReissuedLicense): Record<string, unknown> {
  return Object.fromEntries(COLUMNS.map((column) => [column, license[column]]));
}

function cell(value: ReissuedLicense[keyof ReissuedLicense]): string {
  if (value === null) return '';
  return value instanceof Date ? value.toISOString() : String(value);
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  await directory.sync().finally(() => directory.close());
}

function unwritable(path: string, error: unknown): never {
  const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
  throw new UsageProblem(`${path} can't be written (${code}).`);
}
