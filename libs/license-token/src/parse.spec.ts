import fc from 'fast-check';
import { parseToken } from './parse';

const encode = (text: string): string => Buffer.from(text).toString('base64url');
const signature = Buffer.alloc(64, 7).toString('base64url');

const header = { alg: 'EdDSA', typ: 'JWT', kid: 'aegis-2026-01' };
const claims = {
  jti: '0bfb0cef-a864-400f-83d4-e8c6bd41dda5',
  iss: 'https://license.biz4a.com',
  iat: 1770145930,
  exp: 1801681930,
  customer: { id: 'CUST-001', name: 'Açaí & Söhne 株式会社' },
  module: { technical_name: 'biz4a_payroll_drc', allowed_major_versions: ['17', '18'] },
  license_type: 'subscription',
  instance_fingerprint: `sha256:${'0f'.repeat(32)}`,
  rev: 1,
  status: { status_list: { idx: 0, uri: 'https://license.example/api/v1/status-lists/1' } },
};

const tokenOf = (headerPart: unknown, claimsPart: unknown, signaturePart = signature): string =>
  `${encode(JSON.stringify(headerPart))}.${encode(JSON.stringify(claimsPart))}.${signaturePart}`;
const token = tokenOf(header, claims);

const reasonFor = (text: string): string => {
  const result = parseToken(text);
  if (!('malformed' in result)) throw new Error('parsed, but should be malformed');
  return result.malformed;
};

describe('parseToken', () => {
  it('reads header, claims, signing input and signature', () => {
    expect(parseToken(token)).toEqual({
      header,
      claims,
      signingInput: token.slice(0, token.lastIndexOf('.')),
      signature: new Uint8Array(64).fill(7),
    });
  });

  describe('form', () => {
    const [h = '', c = '', s = ''] = token.split('.');

    it.each([
      ['nothing', ''],
      ['one part', h],
      ['two parts', `${h}.${c}`],
      ['four parts', `${h}.${c}.${s}.`],
      ['five parts, as encrypted tokens have', `${h}.${c}.${s}.${s}.${s}`],
      ['dots alone', '..'],
      ['no header', `.${c}.${s}`],
      ['no payload', `${h}..${s}`],
      ['JSON serialization', JSON.stringify({ protected: h, payload: c, signature: s })],
      ['a leading space', ` ${token}`],
      ['a trailing line feed', `${token}\n`],
      ['a line feed after the header', `${h}\n.${c}.${s}`],
      ['a line feed in the payload', `${h}.${c.slice(0, 8)}\n${c.slice(8)}.${s}`],
      ['padding', `${h}.${c}.${s}==`],
      ['the alphabet of plain base64', `${h}.${c}.${s.slice(0, -2)}+w`],
      ['a slash', `${h}.${c}.${s.slice(0, -2)}/w`],
      ['one character too many in a group', `${h}.${c}.${s.slice(0, 85)}`],
      ['letters that only look like ASCII', `${h}.${c}.${s.slice(0, -2)}ａw`],
    ])('refuses %s', (_what, text) => {
      expect(parseToken(text)).toHaveProperty('malformed');
    });

    it.each([
      [0, 'AQgw'],
      [1, 'AEIMQUYcgkosw048'],
    ])('accepts only base64url without spare bits (case %i)', (extra, canonical) => {
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      for (const last of alphabet) {
        const result = parseToken(`${h}.${c}.${'A'.repeat(4 + extra)}A${last}`);
        expect([last, 'malformed' in result]).toEqual([last, !canonical.includes(last)]);
      }
    });

    it('refuses spare bits in header and payload', () => {
      const spareBits = (part: string): string =>
        part.slice(0, -1) + String.fromCharCode(part.charCodeAt(part.length - 1) + 1);
      const shortHeader = encode(JSON.stringify({ alg: 'EdDSA', kid: 'ab' }));
      const shortPayload = encode(JSON.stringify({ ...claims, rev: 10 }));
      expect([shortHeader.length % 4, shortPayload.length % 4]).not.toContain(0);
      expect(parseToken(`${shortHeader}.${shortPayload}.${s}`)).not.toHaveProperty('malformed');
      expect(reasonFor(`${spareBits(shortHeader)}.${shortPayload}.${s}`)).toContain('header');
      expect(reasonFor(`${shortHeader}.${spareBits(shortPayload)}.${s}`)).toContain('payload');
    });

    it('accepts an empty signature as text, although no key can have made it', () => {
      expect(parseToken(`${h}.${c}.`)).toMatchObject({ signature: new Uint8Array(0) });
    });

    it('accepts 8 KiB and not one byte more', () => {
      const padded = (length: number): string => {
        const spare = length - tokenOf(header, { ...claims, x: '' }).length;
        const x = 'x'.repeat(Math.floor((spare * 3) / 4));
        const text = tokenOf(header, { ...claims, x });
        return text + 'A'.repeat(length - text.length);
      };
      const longest = padded(8192);
      expect(longest).toHaveLength(8192);
      expect(parseToken(longest)).not.toHaveProperty('malformed');
      expect(reasonFor(`${longest}AAAA`)).toContain('8192');
    });

    it.each([
      ['letters', 'A'.repeat(1_000_000)],
      ['dots', '.'.repeat(1_000_000)],
      ['a payload', tokenOf(header, { ...claims, x: 'x'.repeat(1_000_000) })],
    ])('refuses a megabyte of %s', (_of, text) => {
      expect(reasonFor(text)).toContain('8192');
    });
  });

  describe('JSON', () => {
    const withPayload = (payload: string | Buffer): string =>
      `${encode(JSON.stringify(header))}.${Buffer.from(payload).toString('base64url')}.${signature}`;
    const withHeader = (json: string | Buffer): string =>
      `${Buffer.from(json).toString('base64url')}.${encode(JSON.stringify(claims))}.${signature}`;
    const json = JSON.stringify(claims);

    it.each([
      ['an invalid byte', Buffer.from('{"kid":"\xff"}', 'latin1')],
      ['an overlong form', Buffer.from([0x7b, 0xc0, 0xa2, 0x7d])],
      ['an encoded surrogate', Buffer.from('{"kid":"\xed\xa0\x80"}', 'latin1')],
      ['a byte order mark', Buffer.from('\uFEFF' + JSON.stringify(header))],
    ])('refuses %s', (_what, bytes) => {
      expect(reasonFor(withHeader(bytes))).toContain('header');
      expect(reasonFor(withPayload(bytes))).toContain('payload');
    });

    it.each(['[]', 'null', '1', '"x"', 'x', '{', ''])('refuses %j for an object', (text) => {
      expect(reasonFor(withHeader(text))).toContain('header');
      expect(reasonFor(withPayload(text))).toContain('payload');
    });

    it.each([
      ['at the top', json.replace('"rev":1', '"rev":1,"rev":1')],
      ['deeper', json.replace('"id":"CUST-001"', '"id":"CUST-002","id":"CUST-001"')],
      ['escaped', json.replace('"rev":1', '"rev":1,"r\\u0065v":2')],
      ['in a claim it does not know', json.replace('"rev":1', '"rev":1,"x":[{"y":1,"y":1}]')],
    ])('refuses a doubled claim %s', (_where, payload) => {
      expect(payload).not.toBe(json);
      expect(reasonFor(withPayload(payload))).toContain('payload');
    });

    it.each(['{"alg":"none","alg":"EdDSA","kid":"k"}', '{"alg":"EdDSA","kid":"k","ki\\u0064":"l"}'])(
      'refuses a doubled name in the header: %s',
      (text) => {
        expect(reasonFor(withHeader(text))).toContain('header');
      },
    );

    it('refuses a depth bomb', () => {
      const bomb = json.replace('"rev":1', `"rev":1,"x":${'['.repeat(2500)}${']'.repeat(2500)}`);
      expect(reasonFor(withPayload(bomb))).toContain('payload');
    });
  });

  describe('header', () => {
    it.each([
      ['no kid', { alg: 'EdDSA', typ: 'JWT' }, 'kid'],
      ['a kid that is a number', { ...header, kid: 1 }, 'kid'],
      ['a kid that is null', { ...header, kid: null }, 'kid'],
      ['a kid that is a list', { ...header, kid: ['aegis-2026-01'] }, 'kid'],
      ['no alg', { typ: 'JWT', kid: 'k' }, 'alg'],
      ['an alg that is a list', { ...header, alg: ['EdDSA'] }, 'alg'],
      ['crit', { ...header, crit: ['exp'] }, 'crit'],
      ['an empty crit', { ...header, crit: [] }, 'crit'],
      ['crit: null', { ...header, crit: null }, 'crit'],
      ['crit with b64', { ...header, crit: ['b64'], b64: false }, 'crit'],
      ['a typ that is null', { ...header, typ: null }, 'typ'],
      ['an empty typ', { ...header, typ: '' }, 'typ'],
      ['the typ of a status list', { ...header, typ: 'statuslist+jwt' }, 'typ'],
      ['the typ of a key set', { ...header, typ: 'jwk-set+jwt' }, 'typ'],
      ['the typ of an access token', { ...header, typ: 'at+jwt' }, 'typ'],
      ['the typ of a general JWS', { ...header, typ: 'JOSE' }, 'typ'],
    ])('refuses %s', (_what, broken, named) => {
      expect(reasonFor(tokenOf(broken, claims))).toContain(named);
    });

    it.each([
      ['jwt in small letters', { ...header, typ: 'jwt' }],
      ['the whole media type', { ...header, typ: 'application/JWT' }],
      ['no typ', { alg: 'EdDSA', kid: 'k' }],
      ['another alg, which the signature check refuses', { ...header, alg: 'HS256' }],
      ['alg none', { ...header, alg: 'none' }],
      ['a path for a kid', { ...header, kid: '../../etc/passwd' }],
      ['SQL for a kid', { ...header, kid: "' OR 1=1 --" }],
      ['an empty kid', { ...header, kid: '' }],
    ])('reads %s', (_what, readable) => {
      expect(parseToken(tokenOf(readable, claims))).toMatchObject({ header: readable });
    });

    it('returns only the members that it knows', () => {
      const forged = { ...header, jwk: { kty: 'OKP' }, jku: 'https://evil.example', x5c: ['…'] };
      expect(parseToken(tokenOf(forged, claims))).toHaveProperty('header', header);
    });
  });

  it.each([
    ['jti', { ...claims, jti: undefined }],
    ['exp', { ...claims, exp: null }],
    ['customer', { ...claims, customer: {} }],
  ])('refuses a token whose claim %s is missing or of the wrong type', (claim, broken) => {
    expect(reasonFor(tokenOf(header, broken))).toBe(`claim ${claim} is missing or of the wrong type`);
  });

  // The predecessor's columns: whatever it issued is read.
  describe.each([
    ['customer.id', 50, (text: string) => ({ customer: { ...claims.customer, id: text } })],
    ['customer.name', 255, (text: string) => ({ customer: { ...claims.customer, name: text } })],
    [
      'module.technical_name',
      100,
      (text: string) => ({ module: { ...claims.module, technical_name: text } }),
    ],
    ['instance_fingerprint', 100, (text: string) => ({ instance_fingerprint: text })],
  ])('the length of %s', (claim, longest, withText) => {
    it.each([
      ['ASCII', 'x'],
      ['characters outside of any pattern', ' '],
      ['characters of two UTF-16 units', '🚀'],
    ])('is at most that of the column that records it, in %s', (_what, character) => {
      const long = { ...claims, ...withText(character.repeat(longest)) };
      expect(parseToken(tokenOf(header, long))).toHaveProperty('claims', long);
      const tooLong = { ...claims, ...withText(character.repeat(longest + 1)) };
      expect(reasonFor(tokenOf(header, tooLong))).toBe(`claim ${claim} is longer than ${longest} characters`);
    });

    it('may be 0, because old tokens follow no pattern', () => {
      expect(parseToken(tokenOf(header, { ...claims, ...withText('') }))).toHaveProperty('claims');
    });
  });

  it('also reads claims of a later version', () => {
    const later = { ...claims, seat_groups: { max: [5, null] }, aud: 'x' };
    expect(parseToken(tokenOf(header, later))).toHaveProperty('claims', later);
  });

  describe('never throws', () => {
    it('on any text', () => {
      fc.assert(
        fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (text) => {
          expect(parseToken(text)).toHaveProperty('malformed');
        }),
      );
    });

    it('on any bytes and any JSON in three parts', () => {
      const part = fc.oneof(
        fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
        fc.json().map(encode),
        fc.constantFrom(...token.split('.')),
        fc
          .subarray(Object.entries(header))
          .map((members) => encode(JSON.stringify(Object.fromEntries(members)))),
      );
      fc.assert(
        fc.property(fc.array(part, { minLength: 3, maxLength: 3 }), (parts) => {
          const result = parseToken(parts.join('.'));
          expect('malformed' in result || parts[1] === token.split('.')[1]).toBe(true);
        }),
      );
    });

    it('on a token with any one claim replaced by any JSON', () => {
      fc.assert(
        fc.property(fc.constantFrom(...Object.keys(claims)), fc.jsonValue(), (name, value) => {
          const result = parseToken(tokenOf(header, { ...claims, [name]: value }));
          expect(Object.keys(result)).toEqual(
            'malformed' in result ? ['malformed'] : ['header', 'claims', 'signingInput', 'signature'],
          );
        }),
      );
    });
  });
});
