import fc from 'fast-check';
import { crc32 } from 'node:zlib';
import { activationFingerprint } from './activation-fingerprint';
import {
  formatOfflineRequest,
  newOfflineRequest,
  type OfflineRequest,
  parseOfflineRequest,
} from './offline-request';

const SYMBOLS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

const REQUEST: OfflineRequest = {
  license_id: '0bfb0cef-a864-400f-83d4-e8c6bd41dda5',
  fp: '00112233445566778899aabbccddeeff'.repeat(2),
  nonce: '0123456789abcdef',
  requested_at: new Date('2026-02-03T19:12:10.000Z'),
};

/** The bytes of a request as the contract has them, written without this library. */
function bytesOf(request: OfflineRequest, version = 1): Buffer {
  const body = Buffer.concat([
    Buffer.from([version]),
    Buffer.from(request.license_id.replaceAll('-', ''), 'hex'),
    Buffer.from(request.fp, 'hex'),
    Buffer.from(request.nonce, 'hex'),
    Buffer.alloc(4),
  ]);
  body.writeUInt32BE(request.requested_at.getTime() / 1000, 57);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([body, checksum]);
}

function codeOf(bytes: Buffer): string {
  const number = BigInt(`0x${bytes.toString('hex')}`);
  return Array.from(
    { length: 104 },
    (_, at) => SYMBOLS[Number((number >> BigInt(5 * (103 - at))) & 31n)],
  ).join('');
}

const requests = fc.record({
  license_id: fc.uuid(),
  fp: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex')),
  nonce: fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString('hex')),
  requested_at: fc.integer({ min: 0, max: 0xffffffff }).map((second) => new Date(second * 1000)),
});

describe('an offline request', () => {
  it('has the bytes of the contract, in groups of five symbols', () => {
    const text = formatOfflineRequest(REQUEST);
    expect(bytesOf(REQUEST)).toHaveLength(65);
    expect(text.replaceAll('-', '')).toBe(codeOf(bytesOf(REQUEST)));
    expect(text).toMatch(/^(?:[0-9A-HJKMNP-TV-Z]{5}-){20}[0-9A-HJKMNP-TV-Z]{4}$/);
  });

  it('is read as it was written', () => {
    fc.assert(
      fc.property(requests, (request) => {
        const text = formatOfflineRequest(request);
        expect(text.replaceAll('-', '')).toBe(codeOf(bytesOf(request)));
        expect(parseOfflineRequest(text)).toEqual(request);
      }),
    );
  });

  it('is read as people type it', () => {
    const ambiguous: Record<string, string[]> = { 0: ['0', 'o', 'O'], 1: ['1', 'i', 'I', 'l', 'L'] };
    const between = fc.constantFrom('', '-', ' ', '\n', '\t', ' - ', '\u2013', '\u00a0');
    fc.assert(
      fc.property(
        requests,
        fc.infiniteStream(fc.nat()),
        fc.infiniteStream(between),
        (request, choice, gap) => {
          const typed = Array.from(codeOf(bytesOf(request)), (symbol) => {
            const spellings = ambiguous[symbol] ?? [symbol, symbol.toLowerCase()];
            return `${gap.next().value as string}${spellings[(choice.next().value as number) % spellings.length]}`;
          });
          expect(parseOfflineRequest(typed.join(''))).toEqual(request);
        },
      ),
    );
  });

  it('is refused with any one symbol changed, and any two neighbours exchanged', () => {
    const code = codeOf(bytesOf(REQUEST));
    for (let at = 0; at < code.length; at += 1) {
      for (const symbol of SYMBOLS) {
        if (symbol === code[at]) continue;
        const changed = code.slice(0, at) + symbol + code.slice(at + 1);
        expect(parseOfflineRequest(changed)).toMatchObject({ refused: 'checksum' });
      }
      const [one = '', two = ''] = code.slice(at, at + 2);
      if (two === '' || one === two) continue;
      const exchanged = code.slice(0, at) + two + one + code.slice(at + 2);
      expect(parseOfflineRequest(exchanged)).toMatchObject({ refused: 'checksum' });
    }
  });

  it('is refused without one symbol, and with one more', () => {
    const code = codeOf(bytesOf(REQUEST));
    for (let at = 0; at < code.length; at += 1) {
      const [before, after] = [code.slice(0, at), code.slice(at)];
      for (const text of [before + after.slice(1), `${before}0${after}`])
        expect(parseOfflineRequest(text)).toMatchObject({
          refused: 'length',
          rule: `must have 104 characters, hyphens and spaces not counted; it has ${text.length}`,
        });
    }
  });

  it.each([
    ['', 'length'],
    ['-----', 'length'],
    ['0'.repeat(103), 'length'],
    ['0'.repeat(1_000), 'length'],
    [' '.repeat(1_001), 'length'],
    ['u'.repeat(1_000_000), 'length'],
    ['U', 'character'],
    ['0'.repeat(104), 'checksum'],
  ])('is refused (case %#)', (text, refused) => {
    expect(parseOfflineRequest(text)).toMatchObject({ refused });
  });

  it('names the first character that cannot be in one, and no character', () => {
    const code = codeOf(bytesOf(REQUEST));
    const text = `${code.slice(0, 5)}-${code.slice(5, 9)}?${code.slice(10)}!`;
    expect(parseOfflineRequest(text)).toEqual({
      refused: 'character',
      rule: 'has a wrong character at position 10, hyphens and spaces not counted: only digits and the letters A to Z without U can be in it',
    });
  });

  it.each([0, 2, 255])('of version %i is refused, though its checksum is right', (version) => {
    expect(parseOfflineRequest(codeOf(bytesOf(REQUEST, version)))).toMatchObject({ refused: 'version' });
  });

  it('is never read from anything else, and never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        expect(parseOfflineRequest(text)).toHaveProperty('refused');
      }),
    );
  });

  it('is not written from what is not one', () => {
    for (const [name, value] of [
      ['license_id', 'license-1'],
      ['fp', REQUEST.fp.slice(1)],
      ['fp', REQUEST.fp.toUpperCase()],
      ['nonce', ''],
      ['requested_at', new Date(NaN)],
      ['requested_at', new Date(1)],
      ['requested_at', new Date(-1000)],
      ['requested_at', new Date(2 ** 32 * 1000)],
    ] as const)
      expect(() => formatOfflineRequest({ ...REQUEST, [name]: value })).toThrow(new RegExp(`^${name} must`));
  });

  it('is made for a license and a fingerprint, with a random nonce', async () => {
    const now = new Date('2026-02-03T19:12:10.987Z');
    const made = () => newOfflineRequest(REQUEST.license_id.toUpperCase(), 'machine-1', now);
    const [one, other] = [await made(), await made()];
    expect(one).toEqual({
      license_id: REQUEST.license_id,
      fp: await activationFingerprint(REQUEST.license_id, 'machine-1'),
      nonce: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
      requested_at: REQUEST.requested_at,
    });
    expect(other.nonce).not.toBe(one.nonce);
    expect(parseOfflineRequest(formatOfflineRequest(one))).toEqual(one);
  });
});
