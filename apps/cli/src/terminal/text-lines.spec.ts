import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import promises, { type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withInput, withLinesOf, withoutByteOrderMark } from './text-lines';

describe('lines of a file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-lines-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  async function lines(content: string | Buffer, most = 1_000_000): Promise<string[]> {
    const path = join(folder, 'lines.txt');
    writeFileSync(path, content);
    return withLinesOf(path, most, async (found) => {
      const read: string[] = [];
      for await (const line of found) read.push(line);
      return read;
    });
  }

  it.each([
    ['LF', 'one\ntwo\n', ['one', 'two']],
    ['CR LF', 'one\r\ntwo\r\n', ['one', 'two']],
    ['nothing at the end', 'one\ntwo', ['one', 'two']],
    ['CR LF, but the last', 'one\r\ntwo', ['one', 'two']],
    ['LF, some of them empty', '\n\none\n\n', ['', '', 'one', '']],
    ['nothing, as the file is empty', '', []],
  ])('end in %s', async (_, content, expected) => {
    expect(await lines(content)).toEqual(expected);
  });

  it.each(['\u2028', '\u2029', '\u0085', '\v', '\f', '\u001e', '\r'])(
    'do not end at %j, which may be part of a text',
    async (character) => {
      expect(await lines(`one${character}two\nthree\n`)).toEqual([`one${character}two`, 'three']);
    },
  );

  it('begin after a byte order mark, and only there', async () => {
    expect(await lines('\ufeffone\n\ufefftwo\n')).toEqual(['one', '\ufefftwo']);
    expect(await lines('\ufeff')).toEqual([]);
  });

  it('are read whole, whatever their length and their characters', async () => {
    // Characters of four bytes, at an odd offset: some are divided between two chunks.
    const long = [`x${'🦊'.repeat(100_000)}`, 'é'.repeat(100_001), 'short'];
    expect(await lines(long.join('\n'))).toEqual(long);
    expect(await lines(`\ufeff${long.join('\r\n')}\r\n`)).toEqual(long);
  });

  // A chunk of a file has 64 KiB.
  it.each([10, 65_536, 1_000_000])('have at most so many characters: %i', async (most) => {
    const [whole, long] = ['x'.repeat(most), 'x'.repeat(most + 1)];
    expect(await lines(`one\n${whole}\n`, most)).toEqual(['one', whole]);
    expect(await lines(`one\n${whole}`, most)).toEqual(['one', whole]);
    for (const text of [`one\n${long}\n`, `one\n${long}`, `one\n${long}\ntwo\n`])
      await expect(lines(text, most)).rejects.toThrow(
        new RegExp(`^Line 2 of .*lines\\.txt has more than ${most} characters\\.$`),
      );
  });

  it('are no longer read after one that is too long', async () => {
    let read = 0;
    const input = (async function* () {
      for (; ; read += 1) yield await Promise.resolve(Buffer.alloc(1000, 'x'));
    })();
    const standardInput = jest
      .spyOn(process, 'stdin', 'get')
      .mockReturnValue(input as unknown as typeof process.stdin);
    try {
      const reading = withLinesOf('-', 10_000, async (found) => {
        for await (const line of found) expect(line).toBeUndefined();
      });
      await expect(reading).rejects.toThrow('Line 1 of standard input has more than 10000 characters.');
    } finally {
      standardInput.mockRestore();
    }
    expect(read).toBe(10);
  });

  it('are read only from a file', async () => {
    const work = jest.fn();
    await expect(withLinesOf(join(folder, 'missing'), 80, work)).rejects.toThrow(
      /missing can't be read \(ENOENT\)/,
    );
    await expect(withLinesOf(folder, 80, work)).rejects.toThrow(/EISDIR/);
    expect(work).not.toHaveBeenCalled();
  });

  it.each<[string, (input: AsyncIterable<Buffer>) => Promise<unknown>]>([
    [
      'reads all of it',
      async (input) => {
        for await (const chunk of input) expect(chunk.length).toBeGreaterThan(0);
      },
    ],
    [
      'reads the first part',
      async (input) => {
        for await (const chunk of input) if (chunk.length > 0) return;
      },
    ],
    ['reads nothing', () => Promise.resolve()],
    ['fails', () => Promise.reject(new Error('no database'))],
    [
      'fails while it reads',
      async (input) => {
        for await (const chunk of input) throw new Error(`no database for ${chunk.length} bytes`);
      },
    ],
  ])('leave their file closed after work that %s', async (_, work) => {
    const opened = jest.spyOn(promises, 'open');
    const path = join(folder, 'lines.txt');
    writeFileSync(path, 'x'.repeat(1_000_000));
    await withInput(path, work).catch(() => undefined);
    await withInput(folder, work).catch(() => undefined);
    const files = await Promise.all(opened.mock.results.map(({ value }) => value as Promise<FileHandle>));
    opened.mockRestore();
    expect(files.map(({ fd }) => fd)).toEqual([-1, -1]);
  });
});

it('a byte order mark is taken off once', () => {
  expect(withoutByteOrderMark('\ufeff{}')).toBe('{}');
  expect(withoutByteOrderMark('\ufeff\ufeff{}')).toBe('\ufeff{}');
  expect(withoutByteOrderMark('{}\ufeff')).toBe('{}\ufeff');
});
