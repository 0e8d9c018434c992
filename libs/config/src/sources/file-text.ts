import type { LineProblem } from './line-problem';

const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = /^\uFEFF/;
const UTF16 = 'the file is UTF-16; save it as UTF-8';

/**
 * Decodes a settings file. A byte order mark is skipped.
 * @returns its lines without their endings (LF or CRLF); the last one is empty where the file ends with a line ending;
 * or the first line that is not UTF-8
 */
export function linesOfFile(bytes: Buffer): string[] | LineProblem {
  if (startsWith(bytes, [0xff, 0xfe]) || startsWith(bytes, [0xfe, 0xff])) return { line: 1, rule: UTF16 };
  const lines: string[] = [];
  for (const part of splitLines(bytes)) {
    const line = lines.length + 1;
    // Without a byte order mark, UTF-16 shows by its zero bytes.
    if (part.includes(0)) return { line, rule: `contains a zero byte: ${UTF16}` };
    try {
      lines.push(decoder.decode(part).replace(/\r$/, ''));
    } catch {
      return { line, rule: 'is not UTF-8' };
    }
  }
  return lines.map((text, index) => (index === 0 ? text.replace(BYTE_ORDER_MARK, '') : text));
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function startsWith(bytes: Buffer, mark: readonly number[]): boolean {
  return mark.every((byte, index) => bytes[index] === byte);
}

function* splitLines(bytes: Buffer): Generator<Buffer> {
  let start = 0;
  for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, start)) {
    yield bytes.subarray(start, end);
    start = end + 1;
  }
  yield bytes.subarray(start);
}
