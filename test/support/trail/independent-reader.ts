import { parse } from 'csv-parse/sync';
import { spawnSync } from 'node:child_process';

function python(script: string, input: string): unknown {
  const { error, stderr, stdout } = spawnSync('python3', ['-c', script], {
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (error !== undefined) return undefined;
  expect(stderr).toBe('');
  return JSON.parse(stdout) as unknown;
}

const READ_CSV = `
import csv, io, json, sys
rows = list(csv.reader(io.StringIO(sys.stdin.buffer.read().decode("utf-8"), newline=""), strict=True))
print(json.dumps(rows))`;

/** Rows of a CSV as Python's csv module reads it; where there is no Python, another library's. */
export function readCsv(text: string): string[][] {
  return (python(READ_CSV, text) as string[][] | undefined) ?? parse(text);
}

const SPLIT_LINES = `
import json, sys
print(json.dumps(sys.stdin.buffer.read().decode("utf-8").splitlines()))`;

/** Lines as Python's `splitlines` knows them, which is at every line break of Unicode and some controls. */
export function readLines(text: string): string[] {
  const lines = python(SPLIT_LINES, text) as string[] | undefined;
  return lines ?? text.replace(/\n$/, '').split(/\r\n|[\n\r\v\f\u001c-\u001e\u0085\u2028\u2029]/);
}

const READ_JSON_LINES = `
import json, sys
print(json.dumps([json.loads(line) for line in sys.stdin.buffer.read().decode("utf-8").splitlines()]))`;

/** Values of JSON Lines as Python reads them, line by line. */
export function readJsonLines(text: string): unknown[] {
  return (
    (python(READ_JSON_LINES, text) as unknown[] | undefined) ??
    readLines(text).map((line) => JSON.parse(line) as unknown)
  );
}
