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

  async function lines(content: string | Buffer): Promise<string[]> {
    const path = join(folder, 'lines.txt');
    writeFileSync(path, content);
    return withLinesOf(path, async (found) => {
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

  it('are whole however long they are, and whatever they are made of', async () => {
    // Characters of four bytes, at an odd offset: some are divided between two chunks.
    const long = [`x${'🦊'.repeat(100_000)}`, 'é'.repeat(100_001), 'short'];
    expect(await lines(long.join('\n'))).toEqual(long);
    expect(await lines(`\ufeff${long.join('\r\n')}\r\n`)).toEqual(long);
  });

  it('have a bound, beyond which nothing of the file is kept', async () => {
    const mebibyte = Buffer.alloc(1024 * 1024, 'x');
    const input = (size: number): Buffer =>
      Buffer.concat([Buffer.from('one\n'), ...Array.from({ length: size }, () => mebibyte)]);
    expect((await lines(input(80))).map(({ length }) => length)).toEqual([3, 80 * 1024 * 1024]);
    await expect(lines(Buffer.concat([input(80), Buffer.from('x\n')]))).rejects.toThrow(
      'Line 2 has more than 83886080 characters.',
    );
  });

  it('are read of nothing that is not a file', async () => {
    const work = jest.fn();
    await expect(withLinesOf(join(folder, 'missing'), work)).rejects.toThrow(
      /missing can't be read \(ENOENT\)/,
    );
    await expect(withLinesOf(folder, work)).rejects.toThrow(/EISDIR/);
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
  ])('are closed once work ends that %s', async (_, work) => {
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
