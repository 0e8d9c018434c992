import { readTrustedFileSync, SECRET } from '@aegis/secret-files';
import { linesOfFile } from './file-text';
import type { LineProblem } from './line-problem';

const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/;

/**
 * Reads the file that `<NAME>_FILE` names: one line that holds the value and nothing else. White space within the line
 * may belong to a secret and is kept.
 * @param name of the setting
 * @returns the value, or the line that is not understood
 * @throws UnsafeFile when others may read it, or NodeJS.ErrnoException when it can't be read
 */
export function readSecretFile(path: string, name: string): string | LineProblem {
  const lines = linesOfFile(readTrustedFileSync(path, SECRET));
  if (!Array.isArray(lines)) return lines;
  const [value = '', ...rest] = lines.at(-1) === '' ? lines.slice(0, -1) : lines;
  if (rest.length > 0) return { line: 2, rule: 'is one too many: the file must contain one line, the value' };
  if (value.trim() === '') return { line: 1, rule: 'is empty: the file must contain the value' };
  if (CONTROL.test(value)) return { line: 1, rule: 'contains a control character' };
  if (value.startsWith(`${name}=`)) return { line: 1, rule: `must be the value alone, without ${name}=` };
  return value;
}
