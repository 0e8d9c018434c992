import { Readable } from 'node:stream';
import { linesOf } from './shipped-lines';

async function read(text: string, size: number, mostBytes?: number): Promise<unknown[]> {
  const bytes = Buffer.from(text);
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  const found: unknown[] = [];
  for await (const { text: line, offset, number, isTooLong } of linesOf(
    Readable.from(pieces) as AsyncIterable<Buffer>,
    10,
    mostBytes,
  ))
    found.push([line, offset, number, isTooLong]);
  return found;
}

it.each([1, 2, 3, 5, 100])(
  'gives lines with their number and their byte, in chunks of %i bytes',
  async (size) => {
    expect(await read('ab\n\n\nc \n\nd', size)).toEqual([
      ['ab', 10, 1, false],
      ['c', 15, 4, false],
      ['d', 19, 6, false],
    ]);
  },
);

it.each([1, 4, 100])('passes over what is too long, and says so, in chunks of %i bytes', async (size) => {
  expect(await read('ab\n12345678\nc\n123456', size, 5)).toEqual([
    ['ab', 10, 1, false],
    ['', 13, 2, true],
    ['c', 22, 3, false],
    ['', 24, 4, true],
  ]);
});
