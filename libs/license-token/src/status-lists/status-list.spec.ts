import { type CryptoKey, generateKeyPair } from 'jose';
import fc from 'fast-check';
import { deflateSync } from 'node:zlib';
import { judge, type Evidence } from '../judge';
import { parseToken } from '../parse';
import { parseStatusList } from './status-list';
import { listedStatus, openStatusList, statusAt, type StatusList } from './status-list-reader';

const KID = 'aegis-2026-01';
const URI = 'https://license.example/api/v1/status-lists/3';
const IAT = 1_770_145_930;
const EXP = IAT + 35 * 86_400;
const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const zlib = (bytes: Uint8Array): string => deflateSync(bytes).toString('base64url');

/** Of the draft, sections 4.1 and 4.2: sixteen tokens of one bit, twelve of two. */
const ONE_BIT = { bits: 1, lst: 'eNrbuRgAAhcBXQ' };
const TWO_BITS = { bits: 2, lst: 'eNo76fITAAPfAgc' };
const claims = (different: object = {}): Record<string, unknown> => ({
  sub: URI,
  iat: IAT,
  exp: EXP,
  ttl: 300,
  status_list: TWO_BITS,
  ...different,
});

describe('a status list', () => {
  let privateKey: CryptoKey;
  let publicKey: CryptoKey;

  beforeAll(async () => {
    ({ privateKey, publicKey } = await generateKeyPair('Ed25519', { extractable: true }));
  });

  const sign = async (payload: unknown, header: object = {}): Promise<string> => {
    const input = `${encode({ alg: 'EdDSA', typ: 'statuslist+jwt', kid: KID, ...header })}.${encode(payload)}`;
    const signature = await crypto.subtle.sign('Ed25519', privateKey, Buffer.from(input));
    return `${input}.${Buffer.from(signature).toString('base64url')}`;
  };
  const open = (jws: string): ReturnType<typeof openStatusList> =>
    openStatusList(jws, (kid) => (kid === KID ? publicKey : undefined));
  const opened = async (payload: unknown): Promise<StatusList> => {
    const list = await open(await sign(payload));
    if ('refused' in list) throw new Error(list.refused);
    return list;
  };
  const statusesOf = (list: StatusList, count: number): (number | undefined)[] =>
    Array.from({ length: count }, (_, index) => statusAt(list, index));

  it('reads the examples of the draft', async () => {
    expect(statusesOf(await opened(claims({ status_list: ONE_BIT })), 17)).toEqual([
      ...[1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1],
      undefined,
    ]);
    expect(statusesOf(await opened(claims()), 13)).toEqual([
      ...[1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3],
      undefined,
    ]);
  });

  // Appendix of the draft: 2²⁰ tokens, these of which are not valid.
  it.each([
    [
      1,
      '78daeddc010dc0200c0041a88249400ad2903e0f4bba00bd93f002beb7a2a2010000a91e0900000000000000000000000000000080729604000000000000000000000000000000000000000000000000000000000000000000000000000000005c6f4800000000000000fc2c240000000000000000000000be1b12000000000000000000ecaa4b000000000000000000000000000000009b0b0900000000000000000038de9400000000000000002a30cc010000000080642f0bd8011b',
      [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
    ],
    [
      2,
      '78daeddb310d00211000412ea1a04004fe5520ed357c28c81d3312b6df68bc65480000000000406e21010000000000000000000000000000000000000000000000000000000000000040795b02000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000080f4ba0400000000000000000000000000406d764a000000000000000000000000000000000000000000e0922101000000000000000000000000000000000000fc131200000000000000000000000000000000000000000000000000000000000000c0912e01000000000000000000000000000000000000c07d4b02000000000000000000000000000000a8614a0000000000000000000000406a1fcd60010c',
      [1, 2, 1, 3, 1, 1, 2, 1, 1, 2, 3],
    ],
  ])('reads the test vector of the draft with %s bit(s)', async (bits, compressed, values) => {
    const indexes = [0, 1993, 25460, 159495, 495669, 554353, 645645, 723232, 854545, 934534, 1000345];
    const lst = Buffer.from(compressed, 'hex').toString('base64url');
    const list = await opened(claims({ status_list: { bits, lst } }));
    expect(list.statuses).toHaveLength((2 ** 20 * bits) / 8);
    expect(indexes.map((index) => statusAt(list, index))).toEqual(values);
    let others = 0;
    for (let index = 0; index < 2 ** 20; index += 1) if (statusAt(list, index) !== 0) others += 1;
    expect(others).toBe(indexes.length);
  });

  it('returns every status that was set', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 2, 4, 8),
        fc.array(fc.nat(255), { maxLength: 300 }),
        async (bits, values) => {
          const perByte = 8 / bits;
          const wanted = values.map((value) => value % 2 ** bits);
          const bytes = new Uint8Array(Math.ceil(wanted.length / perByte));
          wanted.forEach((value, index) => {
            bytes[Math.floor(index / perByte)]! |= value << ((index % perByte) * bits);
          });
          const list = await opened(claims({ status_list: { bits, lst: zlib(bytes) } }));
          expect(statusesOf(list, wanted.length)).toEqual(wanted);
          expect(statusAt(list, bytes.length * perByte)).toBeUndefined();
        },
      ),
      { numRuns: 50 },
    );
  });

  it('says when it was made, how long it is fresh, and until when it is valid', async () => {
    const times = ({ issued_at, fresh_until, expires_at }: StatusList): number[] =>
      [issued_at, fresh_until, expires_at].map((time) => time.getTime() / 1000);
    expect(times(await opened(claims()))).toEqual([IAT, IAT + 300, EXP]);
    expect(times(await opened(claims({ ttl: undefined })))).toEqual([IAT, EXP, EXP]);
    expect(times(await opened(claims({ ttl: 1e9 })))).toEqual([IAT, EXP, EXP]);
  });

  describe('says of a token', () => {
    const now = new Date(IAT * 1000);
    const at = (idx: number, uri = URI): { status: { status_list: { idx: number; uri: string } } } => ({
      status: { status_list: { idx, uri } },
    });

    it.each([
      ['valid', at(2)],
      ['revoked', at(0)],
      ['suspended', at(1)],
      ['unknown', at(3)],
      ['unknown', at(12)],
      ['unknown', at(-1)],
      ['unknown', at(0.5)],
      ['unknown', at(2 ** 40)],
      ['unknown', at(0, 'https://license.example/api/v1/status-lists/4')],
      ['unknown', {}],
    ])('%s: %j', async (status, token) => {
      expect(listedStatus(await opened(claims()), token, now)).toBe(status);
    });

    it('nothing after its end', async () => {
      const list = await opened(claims());
      expect(listedStatus(list, at(0), new Date(EXP * 1000 - 1))).toBe('revoked');
      expect(listedStatus(list, at(0), new Date(EXP * 1000))).toBe('unknown');
      expect(listedStatus(list, at(0), new Date(NaN))).toBe('unknown');
    });
  });

  describe('is refused', () => {
    it.each([
      ['a license', { typ: 'JWT' }],
      ['a license with its whole media type', { typ: 'application/jwt' }],
      ['of no type', { typ: undefined }],
      ['a key set', { typ: 'jwk-set+jwt' }],
      ['a checkpoint', { typ: 'aegis-checkpoint+jwt' }],
      ['a list in CBOR', { typ: 'statuslist+cwt' }],
      ['critical', { crit: ['exp'] }],
      ['without kid', { kid: undefined }],
    ])('as %s, though our key signed it', async (_, header) => {
      expect(await open(await sign(claims(), header))).toEqual({ refused: 'malformed' });
    });

    it.each([
      ['sub', undefined],
      ['sub', 5],
      ['iat', undefined],
      ['iat', '1770145930'],
      ['exp', undefined],
      ['exp', null],
      ['exp', IAT + 0.5],
      ['ttl', 0],
      ['ttl', '300'],
      ['status_list', undefined],
      ['status_list', 'eNo76fITAAPfAgc'],
      ['status_list', { bits: 3, lst: TWO_BITS.lst }],
      ['status_list', { bits: '2', lst: TWO_BITS.lst }],
      ['status_list', { bits: 2 }],
    ])('with the claim %s: %j', async (name, value) => {
      expect(await open(await sign(claims({ [name]: value })))).toEqual({ refused: 'malformed' });
    });

    it.each([
      ['no base64url', `${TWO_BITS.lst}=`],
      ['no zlib', encode('nothing')],
      ['empty', ''],
      ['cut off', zlib(new Uint8Array(100)).slice(0, 8)],
      [
        'with a wrong checksum',
        Buffer.from(deflateSync(new Uint8Array(9)).with(-1, 7)).toString('base64url'),
      ],
      // Node ignores the second stream, whose checksum is the same.
      ['there twice', Buffer.concat([1, 2].map(() => deflateSync(new Uint8Array(9)))).toString('base64url')],
      ['of gzip', 'H4sIAAAAAAAAAwMAAAAAAAAAAAA'],
    ])('with statuses that are %s', async (_, lst) => {
      expect(await open(await sign(claims({ status_list: { bits: 2, lst } })))).toEqual({
        refused: 'malformed',
      });
    });

    it('when it would fill the memory', async () => {
      const largest = claims({ status_list: { bits: 8, lst: zlib(new Uint8Array(2 ** 20)) } });
      expect((await opened(largest)).statuses).toHaveLength(2 ** 20);
      for (const size of [2 ** 20 + 1, 100 * 2 ** 20]) {
        const bomb = claims({ status_list: { bits: 8, lst: zlib(new Uint8Array(size)) } });
        expect(await open(await sign(bomb))).toEqual({ refused: 'malformed' });
      }
      expect(parseStatusList('x'.repeat(262_145))).toEqual({ malformed: 'longer than 262144 characters' });
    });

    it('by an unknown key, another key, another algorithm, or changed', async () => {
      const jws = await sign(claims());
      expect(await open(await sign(claims(), { kid: 'other' }))).toEqual({ refused: 'unknown_key' });
      const other = await generateKeyPair('Ed25519');
      expect(await openStatusList(jws, () => other.publicKey)).toEqual({ refused: 'signature_invalid' });
      for (const alg of ['none', 'HS256', 'ES256'])
        expect(await open(await sign(claims(), { alg }))).toEqual({ refused: 'signature_invalid' });
      const [header, , signature] = jws.split('.');
      const changed = `${header}.${encode(claims({ exp: EXP + 1 }))}.${signature}`;
      expect(await open(changed)).toEqual({ refused: 'signature_invalid' });
    });
  });

  it('is not a license, and a license is not a status list', async () => {
    const jws = await sign(claims());
    expect(parseToken(jws)).toEqual({ malformed: 'the header has a typ other than JWT' });
    expect(parseStatusList(await sign(claims(), { typ: 'JWT' }))).toEqual({
      malformed: 'the header has a typ other than statuslist+jwt',
    });
    expect(parseStatusList(await sign(claims(), { typ: 'application/StatusList+JWT' }))).not.toHaveProperty(
      'malformed',
    );
  });
});

describe('a license judged offline with a status list', () => {
  const question = { module_name: 'payroll', odoo_version: '17.0', instance_fingerprint: null };
  const evidence = (record: (Evidence & { proof: 'signature_holds' })['record']): Evidence => ({
    proof: 'signature_holds',
    claims: {
      jti: '0bfb0cef-a864-400f-83d4-e8c6bd41dda5',
      iss: 'us',
      iat: IAT,
      exp: EXP,
      customer: { id: 'acme', name: 'Acme' },
      module: { technical_name: 'payroll', allowed_major_versions: ['17'] },
      license_type: 'subscription',
    },
    key: { compromised: false },
    acceptedIssuers: ['us'],
    record,
    activation: null,
  });
  const codeOf = (record: Parameters<typeof evidence>[0], now = IAT): string =>
    judge(question, evidence(record), new Date(now * 1000)).code;

  it.each([
    ['valid', 'VALID', 'EXPIRED'],
    ['unknown', 'VALID', 'EXPIRED'],
    ['revoked', 'REVOKED', 'REVOKED'],
    ['suspended', 'SUSPENDED', 'SUSPENDED'],
  ] as const)('that says %s is %s, and %s after its end', (listed, code, afterwards) => {
    expect(codeOf({ listed })).toBe(code);
    expect(codeOf({ listed }, EXP)).toBe(afterwards);
  });

  it('is refused under a compromised key: no list says when the token was recorded', () => {
    for (const after of [null, new Date(EXP * 1000)]) {
      const compromised = { ...evidence({ listed: 'valid' }), key: { compromised: true as const, after } };
      expect(judge(question, compromised as Evidence, new Date(IAT * 1000)).code).toBe('KEY_COMPROMISED');
    }
  });
});
