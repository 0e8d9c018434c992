import { makeKey, readKey } from './api-key-format';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
// Checksum computed apart, with Python's zlib.crc32.
const KNOWN = 'aegis_production_0aZ9bY8cX7dW_00000000000000000000000000000000000000000011OxIDx';

describe('API key format', () => {
  it('reads a key whose checksum another program computed', () => {
    expect(readKey(KNOWN)).toEqual({ environment: 'production', id: '0aZ9bY8cX7dW' });
  });

  it('makes 10,000 keys of the same length, with parts of the same length', () => {
    const keys = Array.from({ length: 10_000 }, () => makeKey('development'));
    const odd = keys.filter(
      ({ id, prefix, key }) =>
        !/^[0-9A-Za-z]{12}$/.test(id) ||
        prefix !== `aegis_development_${id}` ||
        !key.startsWith(prefix) ||
        !/^_[0-9A-Za-z]{49}$/.test(key.slice(prefix.length)) ||
        readKey(key)?.id !== id,
    );
    expect(odd).toEqual([]);
    expect(new Set(keys.map(({ id }) => id)).size).toBe(10_000);
    expect(new Set(keys.map(({ key }) => key.slice(-49))).size).toBe(10_000);
  });

  it('fills all 43 digits of a secret at random: a shorter one would begin with zeros', () => {
    const first = Array.from({ length: 1000 }, () => makeKey('test').key.at(-49));
    expect(new Set(first).size).toBeGreaterThan(50);
  });

  it('uses every digit alike often in ids', () => {
    const counts = new Map<string, number>();
    for (let made = 0; made < 10_000; made += 1)
      for (const digit of makeKey('test').id) counts.set(digit, (counts.get(digit) ?? 0) + 1);
    expect([...counts.keys()].sort()).toEqual(Array.from(BASE62).sort());
    // 1,935 each are expected; this is eight standard deviations to either side.
    for (const count of counts.values()) {
      expect(count).toBeGreaterThan(1585);
      expect(count).toBeLessThan(2285);
    }
  });

  it('detects every single mistyped character', () => {
    const { key } = makeKey('test');
    const typed = `${BASE62}_`;
    for (let at = 0; at < key.length; at += 1)
      for (const character of typed) {
        if (character === key[at]) continue;
        expect(readKey(key.slice(0, at) + character + key.slice(at + 1))).toBeUndefined();
      }
  });

  it('detects two neighbouring characters swapped, a missing one and a doubled one', () => {
    const { key } = makeKey('production');
    for (let at = 0; at < key.length; at += 1) {
      const [first = '', second = ''] = key.slice(at, at + 2);
      if (first !== second && second !== '')
        expect(readKey(key.slice(0, at) + second + first + key.slice(at + 2))).toBeUndefined();
      expect(readKey(key.slice(0, at) + key.slice(at + 1))).toBeUndefined();
      expect(readKey(key.slice(0, at + 1) + key.slice(at))).toBeUndefined();
    }
  });

  it.each([
    '',
    'aegis',
    `${KNOWN}\n`,
    ` ${KNOWN}`,
    KNOWN.toUpperCase(),
    KNOWN.replace('aegis', 'other'),
    `${KNOWN}${KNOWN}`,
  ])('reads no key from %j', (text) => {
    expect(readKey(text)).toBeUndefined();
  });
});
