import type { FileHandle } from 'node:fs/promises';
import { linesFromEnd } from './lines-from-end';

const MIB = 1024 * 1024;

/** A file of which each byte is made when it is read; it notes how much is read at once. */
function fileOf(
  size: number,
  byteAt: (position: number) => number,
): { file: Pick<FileHandle, 'read'>; most: () => number } {
  let most = 0;
  const read = (buffer: Buffer, offset: number, length: number, position: number): Promise<unknown> => {
    most = Math.max(most, length);
    const bytesRead = Math.max(0, Math.min(length, size - position));
    for (let at = 0; at < bytesRead; at += 1) buffer[offset + at] = byteAt(position + at);
    return Promise.resolve({ bytesRead, buffer });
  };
  return { file: { read } as unknown as Pick<FileHandle, 'read'>, most: () => most };
}

const textFile = (text: string) => {
  const bytes = Buffer.from(text);
  return { size: bytes.length, ...fileOf(bytes.length, (position) => bytes[position]!) };
};

async function read(
  text: string,
  { mostLength = 100, first = 0, begin = 'l' } = {},
): Promise<[text: string, end: number][]> {
  const { file, size } = textFile(text);
  const found: [string, number][] = [];
  for await (const line of linesFromEnd(file, { size, first, mostLength, begin: Buffer.from(begin) }))
    found.push([line.text, line.end]);
  return found;
}

it.each<[string, string, [string, number][]]>([
  ['no lines', '', []],
  ['only an incomplete line', 'la', []],
  [
    'complete lines',
    'l\nlb\n',
    [
      ['lb', 5],
      ['l', 2],
    ],
  ],
  [
    'an incomplete line at its end',
    'l\nlb\nl',
    [
      ['lb', 5],
      ['l', 2],
    ],
  ],
  [
    'empty lines',
    '\n\nl\n\n\nlb\n\n',
    [
      ['lb', 9],
      ['l', 4],
    ],
  ],
  ['other lines', 'a\nal\nlb\n', [['lb', 8]]],
])('reads the complete lines of a file with %s, the last one first', async (_, text, lines) => {
  expect(await read(text)).toEqual(lines);
});

it('skips a line that is too long', async () => {
  expect(await read('l\nl234567\nlb\n', { mostLength: 6 })).toEqual([
    ['lb', 13],
    ['l', 2],
  ]);
});

it('leaves out the line that begins at the first byte', async () => {
  expect(await read('llc\nl\n', { first: 1 })).toEqual([['l', 6]]);
});

it('reads lines that cross the border of two blocks', async () => {
  const long = 'x'.repeat(3000);
  const lines = Array.from({ length: 1000 }, (_, index) => `l${index}${long}`);
  const found = await read(`${lines.join('\n')}\n`, { mostLength: 4096, begin: 'l' });
  expect(found.map(([text]) => text)).toEqual(lines.toReversed());
});

it.each<[string, number, (position: number) => number]>([
  ['empty lines', 0x0a, () => 0x0a],
  ['one line without an end', 0x61, () => 0x61],
  ['short lines', 0x61, (position) => (position % 2 === 0 ? 0x61 : 0x0a)],
])('keeps one block at a time in memory for a file of only %s', async (_, __, byteAt) => {
  const size = 5 * MIB;
  const { file, most } = fileOf(size, (position) =>
    position < 2 ? [0x7a, 0x0a][position]! : byteAt(position),
  );
  let last = '';
  for await (const { text } of linesFromEnd(file, {
    size,
    first: 0,
    mostLength: 4096,
    begin: Buffer.from('z'),
  }))
    last = text;
  expect(last).toBe('z');
  expect(most()).toBeLessThanOrEqual(MIB);
});
