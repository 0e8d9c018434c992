import { closeSync, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type FileRule, assertFileRule, openFlags, fileOpeningError } from './file-rule';

/**
 * Reads a file as UTF-8 text, if it may be trusted. What is judged is the open file, at the end of every link.
 * @param rule SECRET, OWN_SECRET or READABLE
 * @throws UnsafeFile, or as the file system says; `whyUnreadable` puts either into words
 */
export async function readTrustedFile(path: string, rule: FileRule): Promise<string> {
  const file: FileHandle = await open(path, openFlags(rule)).catch((error: unknown) => {
    throw fileOpeningError(error);
  });
  try {
    assertFileRule(await file.stat(), rule);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** The bytes of a file, judged as by `readTrustedFile`, without a promise: for settings. */
export function readTrustedFileSync(path: string, rule: FileRule): Buffer {
  return readJudgedFileSync(path, rule).bytes;
}

/**
 * The same, and returns the status of the file: for a file whose content decides whether a stricter rule applies.
 * @returns `status` of the file that was read, even if its name belongs to another file afterwards
 */
export function readJudgedFileSync(path: string, rule: FileRule): { bytes: Buffer; status: Stats } {
  return withOpen(path, rule, (file, status) => ({ bytes: readFileSync(file), status }));
}

/**
 * Judges a file that somebody else will read.
 * @throws as `readTrustedFile`
 */
export function assertTrustedFileSync(path: string, rule: FileRule): void {
  withOpen(path, rule, () => undefined);
}

function withOpen<T>(path: string, rule: FileRule, work: (file: number, status: Stats) => T): T {
  const file = openToRead(path, rule);
  try {
    const status = fstatSync(file);
    assertFileRule(status, rule);
    return work(file, status);
  } finally {
    closeSync(file);
  }
}

function openToRead(path: string, rule: FileRule): number {
  try {
    return openSync(path, openFlags(rule));
  } catch (error) {
    throw fileOpeningError(error);
  }
}
