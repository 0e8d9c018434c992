import { randomBytes } from 'node:crypto';
import { type StatusPlace, StatusPlaces } from './status-places';

const KEY = Buffer.alloc(32, 7);
const SIZE = 131_072;

const statusPlace = (key: Uint8Array, number: number): StatusPlace => new StatusPlaces(key).at(number);

describe('the place of a token in the status lists', () => {
  it('is unique: no two numbers share a place', () => {
    const numbers = Array.from({ length: 6_000 }, (_, index) => index * 17);
    const places = numbers.map((number) => statusPlace(KEY, number));
    for (const { list, index } of places) {
      expect(list).toBe(0);
      expect(Number.isInteger(index) && index >= 0 && index < SIZE).toBe(true);
    }
    // A function that is not a permutation would give some 190 of so many a second time.
    expect(new Set(places.map(({ index }) => index)).size).toBe(numbers.length);
  });

  it('is in the next list after 131,072 tokens', () => {
    expect(
      [0, SIZE - 1, SIZE, 2 * SIZE - 1, 2 * SIZE, 10 * SIZE + 5].map((n) => statusPlace(KEY, n).list),
    ).toEqual([0, 0, 1, 1, 2, 10]);
  });

  it('is always the same for one key, and different for another key or list', () => {
    const indexes = (key: Uint8Array, list: number): string =>
      Array.from({ length: 20 }, (_, n) => statusPlace(key, list * SIZE + n).index).join();
    expect(indexes(KEY, 0)).toBe(indexes(Buffer.from(KEY), 0));
    expect(indexes(KEY, 0)).not.toBe(indexes(randomBytes(32), 0));
    expect(indexes(KEY, 0)).not.toBe(indexes(KEY, 1));
  });

  it('never changes, because a changed place could be given twice', () => {
    // As the first release gave them.
    const places: [number, number, number][] = [
      [0, 0, 35_258],
      [1, 0, 73_706],
      [2, 0, 35_771],
      [131_071, 0, 113_272],
      [131_072, 1, 59_122],
      [131_073, 1, 54_569],
      [1_000_000, 7, 40_816],
    ];
    expect(places.map(([number]) => statusPlace(KEY, number))).toEqual(
      places.map(([, list, index]) => ({ list, index })),
    );
  });

  it('leads back to its number', () => {
    const places = new StatusPlaces(KEY);
    for (const number of [0, 1, 2, 63, 4095, SIZE - 1, SIZE, SIZE + 77, 7 * SIZE + 3, 1_000_000])
      expect(places.numberOf(places.at(number))).toBe(number);
  });

  it('does not depend on earlier calls', () => {
    const asked = [0, SIZE, 1, SIZE + 1, 0, 7 * SIZE + 3, SIZE, 2];
    const places = new StatusPlaces(KEY);
    expect(asked.map((number) => places.at(number))).toEqual(asked.map((number) => statusPlace(KEY, number)));
  });

  it('reveals nothing about its neighbours', () => {
    const places = Array.from({ length: 2_000 }, (_, number) => statusPlace(KEY, number).index);
    const close = places.filter((place, at) => at > 0 && Math.abs(place - places[at - 1]!) < 1_000).length;
    // Of pairs at random, 1.5 % are that close together.
    expect(close).toBeLessThan(2_000 * 0.04);
    expect(Math.min(...places)).toBeLessThan(SIZE * 0.02);
    expect(Math.max(...places)).toBeGreaterThan(SIZE * 0.98);
  });
});
