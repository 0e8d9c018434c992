// What a status list says, and which ones say nothing.
import { refused, VALID } from './answers.mjs';
import { FIRST, jwkWithKid, ROOT, SECOND, STOLEN, STRANGER } from './keys.mjs';
import { LIST, listing, packed, statuses, statusList, stored, zeros } from './lists.mjs';
import { jws, keySet, license } from './texts.mjs';
import { vector } from './vector.mjs';

const URI = 'https://license.example/api/v1/status-lists/0';
const fresh = { ...VALID, revocation: 'fresh' };
const REVOKED = refused('REVOKED', { revocation: 'fresh' });
const SUSPENDED = refused('SUSPENDED', { revocation: 'fresh' });
const INVALID = refused('STATUS_LIST_INVALID');

/** A license at this place, and a list with these statuses. */
const at = (idx, bits, byIndex, length) => ({
  token: license({ status: { status_list: { idx, uri: URI } } }),
  status_list: statusList({ status_list: statuses(bits, byIndex, length) }),
});
/** A list of this data, which is zlib or is not. */
const ofData = (data, bits = 2) => statusList({ status_list: { bits, lst: data.toString('base64url') } });
const changed = (bytes, at, bit) => {
  const to = Buffer.from(bytes);
  to[at] ^= bit;
  return to;
};
const data = stored(packed(2, { 5: 1 }));
const [listHead, listBody, listSignature] = statusList().split('.');

const read = [
  ['1-bit-valid', 'One bit per token: 0', at(5, 1, { 4: 1, 6: 1 }), fresh],
  ['1-bit-revoked', 'One bit per token: 1', at(5, 1, { 5: 1 }), REVOKED],
  ['1-bit-last-of-byte', 'One bit per token, the highest of the first byte', at(7, 1, { 7: 1 }), REVOKED],
  ['1-bit-next-byte', 'One bit per token, the lowest of the second byte', at(8, 1, { 8: 1 }), REVOKED],
  [
    '2-bits-neighbours',
    'Two bits per token: those of the neighbours do not count',
    at(5, 2, { 4: 3, 6: 3 }),
    fresh,
  ],
  ['2-bits-first', 'Two bits per token, the lowest of the first byte', at(0, 2, { 0: 1 }), REVOKED],
  ['2-bits-last-of-byte', 'Two bits per token, the highest of the first byte', at(3, 2, { 3: 2 }), SUSPENDED],
  ['2-bits-next-byte', 'Two bits per token, the lowest of the second byte', at(4, 2, { 4: 2 }), SUSPENDED],
  ['2-bits-last', 'The last index of a list', at(63, 2, { 63: 1 }, 16), REVOKED],
  ['2-bits-unknown-status', 'Status 3 means nothing', at(5, 2, { 5: 3 }), INVALID],
  ['4-bits-revoked', 'Four bits per token', at(5, 4, { 5: 1 }), REVOKED],
  ['4-bits-suspended', 'Four bits per token', at(4, 4, { 4: 2 }), SUSPENDED],
  ['4-bits-unknown-status', 'Status 5 means nothing', at(5, 4, { 5: 5 }), INVALID],
  ['8-bits-revoked', 'Eight bits per token', at(5, 8, { 5: 1 }), REVOKED],
  ['8-bits-unknown-status', 'Status 255 means nothing', at(5, 8, { 5: 255 }), INVALID],
  ['index-beyond', 'The first index beyond the list', at(64, 2, {}, 16), INVALID],
  ['index-far-beyond', 'An index of 2^53 - 1', at(9007199254740991, 2, {}), INVALID],
  ['index-2-34', 'An index of 2^34 + 5, which 32 bits cannot hold', at(17179869189, 2, {}), INVALID],
  ['index-negative', 'An index below 0', at(-1, 2, { 63: 1 }), INVALID],
  ['empty', 'A list of no tokens', at(0, 2, {}, 0), INVALID],
  [
    'without-claim',
    'A license that names no list: a list that is given is not looked at',
    { token: license({ status: undefined }), status_list: listing(1) },
    VALID,
  ],
  [
    'without-claim-nonsense',
    'A license that names no list, and a text that is not a list',
    { token: license({ status: undefined }), status_list: 'list' },
    VALID,
  ],
  [
    'alg-ed25519',
    'The name of RFC 9864 for the algorithm',
    { status_list: statusList({}, { alg: 'Ed25519' }) },
    fresh,
  ],
  [
    'typ-media-type',
    'typ as a whole media type, in upper case',
    { status_list: statusList({}, { typ: 'application/STATUSLIST+JWT' }) },
    fresh,
  ],
  [
    'unknown-claims',
    'Claims that nobody knows',
    { status_list: statusList({ nbf: 1900000000, aud: 'x', aggregation_uri: 'x' }) },
    fresh,
  ],
  [
    'other-issuer',
    'iss of a list is not read',
    { status_list: statusList({ iss: 'https://elsewhere.example' }) },
    fresh,
  ],
  ['signed-later', 'A list that was made after now', { status_list: statusList({ iat: 1800086400 }) }, fresh],
  [
    'second-key',
    'Signed by another key of the vendor than the license',
    { status_list: statusList({}, {}, SECOND), keys: [jwkWithKid(FIRST), jwkWithKid(SECOND)] },
    fresh,
  ],
  [
    'largest',
    'The most bytes that a list may inflate to: 1,048,576',
    { status_list: ofData(zeros(1_048_576)) },
    fresh,
  ],
  ['compressed', 'Data that is really compressed', { status_list: ofData(zeros(5000)) }, fresh],
];

const refusedLists = [
  ['bomb', 'A byte more than a list may inflate to', ofData(zeros(1_048_577))],
  ['bomb-large', 'Data that inflates to 8 MB', ofData(zeros(8_000_000))],
  ['wrong-key', 'Signed by a key that is not known', statusList({}, {}, STRANGER)],
  [
    'forged',
    'Signed by another key than the kid says',
    listing(0).replace(/\.[^.]*$/, `.${statusList({}, { kid: 'vendor-1' }, STRANGER).split('.')[2]}`),
  ],
  [
    'signature-of-other-list',
    'The signature of another list',
    `${listHead}.${listing(0, { iat: 1799990000 }).split('.')[1]}.${listSignature}`,
  ],
  [
    'signature-short',
    'A signature of 63 bytes',
    jws({ alg: 'EdDSA', typ: 'statuslist+jwt', kid: 'vendor-1' }, LIST, FIRST, (of) => of.subarray(0, 63)),
  ],
  ['alg-none', 'alg none', statusList({}, { alg: 'none' })],
  ['alg-es256', 'alg ES256', statusList({}, { alg: 'ES256' })],
  ['no-kid', 'No kid', statusList({}, { kid: undefined })],
  ['crit', 'crit', statusList({}, { crit: ['exp'] })],
  ['typ-license', 'The typ of a license', statusList({}, { typ: 'JWT' })],
  ['typ-missing', 'No typ', statusList({}, { typ: undefined })],
  ['typ-cwt', 'The typ of a list in CBOR', statusList({}, { typ: 'statuslist+cwt' })],
  ['a-license', 'A license in place of a list', license()],
  ['white-space', 'A line break after the list', `${statusList()}\n`],
  ['cut', 'A list that was cut', `${listHead}.${listBody}`],
  [
    'wrong-sub',
    'Another list of the vendor',
    statusList({ sub: 'https://license.example/api/v1/status-lists/1' }),
  ],
  ['wrong-sub-slash', 'Addresses are compared byte for byte', statusList({ sub: `${URI}/` })],
  ['sub-missing', 'No sub', statusList({ sub: undefined })],
  ['iat-missing', 'No iat', statusList({ iat: undefined })],
  [
    'exp-missing',
    'No exp: a list without an end would revoke nothing forever',
    statusList({ exp: undefined }),
  ],
  ['exp-null', 'exp: null', statusList({ exp: null })],
  ['exp-text', 'exp as a text', statusList({ exp: '1803020400' })],
  ['exp-year-10000', 'exp after the year 9999', statusList({ exp: 253402300800 })],
  ['iat-true', 'iat: true', statusList({ iat: true })],
  ['ttl-zero', 'ttl: 0', statusList({ ttl: 0 })],
  ['ttl-negative', 'ttl: -1', statusList({ ttl: -1 })],
  ['ttl-fraction', 'ttl: 0.5', statusList({ ttl: 0.5 })],
  ['ttl-text', 'ttl as a text', statusList({ ttl: '300' })],
  ['ttl-null', 'ttl: null', statusList({ ttl: null })],
  ['bits-3', 'Three bits per token', statusList({ status_list: { ...LIST.status_list, bits: 3 } })],
  ['bits-16', 'Sixteen bits per token', statusList({ status_list: { ...LIST.status_list, bits: 16 } })],
  ['bits-text', 'bits as a text', statusList({ status_list: { ...LIST.status_list, bits: '2' } })],
  ['bits-true', 'bits: true is not 1', statusList({ status_list: { ...LIST.status_list, bits: true } })],
  ['bits-missing', 'No bits', statusList({ status_list: { lst: LIST.status_list.lst } })],
  ['lst-missing', 'No lst', statusList({ status_list: { bits: 2 } })],
  [
    'lst-array',
    'lst as an array of statuses',
    statusList({ status_list: { bits: 2, lst: [0, 0, 0, 0, 0, 0] } }),
  ],
  [
    'lst-padding',
    'lst with padding',
    statusList({ status_list: { bits: 2, lst: `${Buffer.from(data).toString('base64url')}=` } }),
  ],
  ['lst-not-zlib', 'lst without compression', ofData(packed(2, {}))],
  ['lst-raw-deflate', 'lst as DEFLATE without zlib around it', ofData(stored(packed(2, {})).subarray(2, -4))],
  ['lst-cut', 'lst that was cut', ofData(data.subarray(0, data.length - 6))],
  ['lst-checksum-missing', 'lst without its checksum', ofData(data.subarray(0, data.length - 4))],
  ['lst-checksum', 'lst with another checksum', ofData(changed(data, data.length - 1, 1))],
  ['lst-trailing', 'lst with a byte after its checksum', ofData(Buffer.concat([data, Buffer.alloc(1)]))],
  // Node ignores what follows, and finds the checksum at the end.
  ['lst-twice', 'lst with the same zlib data after it', ofData(Buffer.concat([data, data]))],
  ['lst-changed', 'lst with another byte than its checksum is of', ofData(changed(data, 9, 1))],
  ['lst-empty', 'lst is empty', ofData(Buffer.alloc(0))],
  [
    'doubled-name',
    'A claim twice',
    jws(
      { alg: 'EdDSA', typ: 'statuslist+jwt', kid: 'vendor-1' },
      JSON.stringify(LIST).replace('{', '{"ttl":7200,'),
      FIRST,
    ),
  ],
  ['too-long', 'A list of more than 262,144 characters', statusList({ fill: 'x'.repeat(197_000) })],
];

export default [
  ...read.map(([id, description, parts, expect]) =>
    vector(`list-${id}`, description, { token: license(), ...parts }, expect),
  ),
  ...refusedLists.map(([id, description, text]) =>
    vector(`list-invalid-${id}`, description, { token: license(), status_list: text }, INVALID),
  ),
  vector(
    'list-invalid-compromised-key',
    'Signed by a compromised key: its thief can sign lists that revoke nothing',
    {
      token: license(),
      status_list: statusList({}, {}, STOLEN),
      keys: {
        key_set: keySet({
          iat: 1799990000,
          exp: 1830000000,
          keys: [jwkWithKid(FIRST)],
          compromised: [{ kid: 'vendor-stolen', at: 1799000000, after: null }],
        }),
        root: ROOT.jwk,
      },
    },
    INVALID,
  ),
  vector(
    'list-invalid-by-root',
    'Signed by the root key: it signs key sets and nothing else',
    {
      token: license(),
      status_list: statusList({}, {}, ROOT),
      keys: {
        key_set: keySet({ iat: 1799990000, exp: 1830000000, keys: [jwkWithKid(FIRST)], compromised: [] }),
        root: ROOT.jwk,
      },
    },
    INVALID,
  ),
];
