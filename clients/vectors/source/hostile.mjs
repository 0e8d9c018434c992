// Texts that somebody made to be read differently by two programs, or to harm the one that reads them.
import { MALFORMED, refused, SIGNATURE_INVALID, UNKNOWN_KEY, VALID } from './answers.mjs';
import { FIRST, jwkWithKid, ROOT, SECOND, STRANGER } from './keys.mjs';
import { base64url, having, headed, jws, LICENSE, license, rewritten, saying } from './texts.mjs';
import { vector } from './vector.mjs';

const HEADER = { alg: 'EdDSA', typ: 'JWT', kid: 'vendor-1' };
const good = license();
const [head, body, signature] = good.split('.');
const payload = JSON.stringify(LICENSE);

const nested = (levels) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
/** A license of exactly so many characters: base64url has no text of every length, so that the header is filled too. */
function ofLength(length) {
  for (const x of ['', 'x', 'xx'])
    for (let fill = Math.floor((length * 3) / 4); fill > 0; fill -= 1) {
      const token = license({ fill: 'x'.repeat(fill) }, { x });
      if (token.length === length) return token;
      if (token.length < length) break;
    }
  throw new Error(`no license has ${length} characters`);
}
/** The order of the base point (RFC 8032 section 5.1), little-endian. */
const ORDER = Buffer.from('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010', 'hex');
/** The signature with S + L in place of S: the same equation, written differently. */
function malleable(from) {
  const to = Buffer.from(from);
  let carry = 0;
  for (let at = 0; at < 32; at += 1) {
    carry += from[32 + at] + ORDER[at];
    to[32 + at] = carry & 0xff;
    carry >>= 8;
  }
  return to;
}
/** R is the neutral point and S is 0. */
const NEUTRAL = Buffer.from(`01${'00'.repeat(63)}`, 'hex');
const small = (hex) => ({ kty: 'OKP', crv: 'Ed25519', x: Buffer.from(hex, 'hex').toString('base64url') });

/** @param {[id: string, description: string, token: string][]} some */
const malformed = (some) =>
  some.map(([id, description, token]) => vector(id, description, { token }, MALFORMED));
/** @param {[id: string, description: string, token: string][]} some */
const valid = (some) => some.map(([id, description, token]) => vector(id, description, { token }, VALID));

const form = malformed([
  ['form-two-parts', 'Two parts', `${head}.${body}`],
  ['form-four-parts', 'Four parts', `${good}.`],
  ['form-five-parts', 'Five parts, as an encrypted token has', `${head}.AA.AA.${body}.${signature}`],
  [
    'form-json-serialization',
    'A JWS in JSON serialization',
    JSON.stringify({ protected: head, payload: body, signature }),
  ],
  ['form-padding', 'Padding after the signature', `${good}==`],
  ['form-padding-header', 'Padding after the header', `${head}=.${body}.${signature}`],
  [
    'form-white-space-inside',
    'A line break within the payload',
    `${head}.${body.slice(0, 40)}\n${body.slice(40)}.${signature}`,
  ],
  ['form-white-space-at-dot', 'A space before a dot', `${head} .${body}.${signature}`],
  [
    'form-base64',
    'The alphabet of base64 in place of base64url',
    `${head}.${body}.${`+/${signature.slice(2)}`}`,
  ],
  [
    'form-spare-bits-signature',
    'Bits that no encoder writes at the end of the signature',
    `${head}.${body}.${signature.slice(0, -1)}${String.fromCharCode(signature.charCodeAt(85) + 1)}`,
  ],
  ['form-one-character-left', 'A group of one character', `${head}.${body}.${signature.slice(0, 85)}`],
  [
    'form-other-letter',
    'A letter that only looks like one of ASCII',
    `${head}.${body}.${signature.slice(0, -2)}ａ${signature.slice(-1)}`,
  ],
  ['form-byte-order-mark', 'A byte order mark before the token: it is not white space', `\ufeff${good}`],
  ['form-zero-width-space', 'A zero-width space after the token: it is not white space', `${good}\u200b`],
  ['form-unit-separator', 'U+001C after the token: Unicode does not call it white space', `${good}\u001c`],
  ['form-nul', 'NUL after the token', `${good}\0`],
  ['form-bearer', 'The word Bearer before the token', `Bearer ${good}`],
  ['form-quotes', 'Quotes around the token', `"${good}"`],
  ['form-dots', 'Only dots', '..'],
  ['form-many-dots', 'Many dots', '.'.repeat(8000)],
  ['form-8193', '8,193 characters', ofLength(8193)],
  ['form-huge', 'A payload of 60,000 characters, signed', license({ fill: 'x'.repeat(45_000) })],
]);

const json = malformed([
  ['json-doubled-name', 'A claim twice', having('"exp":1900000000')],
  ['json-doubled-name-equal', 'A claim twice with the same value', having('"rev":1')],
  [
    'json-doubled-name-escaped',
    'A claim twice, once with an escape in its name',
    having('"\\u0065xp":1900000000'),
  ],
  [
    'json-doubled-name-deeper',
    'A name twice within customer',
    rewritten('"id":"acme"', '"id":"acme","id":"other"'),
  ],
  ['json-doubled-name-unknown', 'A name twice in a claim that nobody knows', having('"x":[{"y":1,"y":1}]')],
  [
    'json-doubled-name-header',
    'alg twice',
    headed('{"alg":"none","alg":"EdDSA","typ":"JWT","kid":"vendor-1"}'),
  ],
  [
    'json-depth-17',
    'Objects and arrays 17 levels deep, with the payload itself',
    having(`"x":${nested(16)}`),
  ],
  [
    'json-depth-17-header',
    'A header 17 levels deep',
    headed(`{"x":${nested(16)},${JSON.stringify(HEADER).slice(1)}`),
  ],
  ['json-depth-bomb', '2,500 arrays within each other', having(`"x":${nested(2500)}`)],
  ['json-array', 'An array for the payload', saying('[]')],
  ['json-null', 'null for the payload', saying('null')],
  ['json-empty', 'No payload', saying('')],
  ['json-string', 'A text that contains JSON', saying(JSON.stringify(payload))],
  ['json-nan', 'NaN is not JSON', having('"x":NaN')],
  ['json-infinity', 'Infinity is not JSON', having('"x":Infinity')],
  ['json-minus-infinity', '-Infinity is not JSON', having('"x":-Infinity')],
  ['json-comma', 'A comma after the last member', saying(`${payload.slice(0, -1)},}`)],
  ['json-comment', 'A comment', saying(`/* */${payload}`)],
  ['json-single-quotes', 'Single quotes', having("'x':1")],
  ['json-text-after', 'A text after the object', saying(`${payload}{}`)],
  ['json-leading-zero', 'A number that begins with 0', having('"x":01')],
  ['json-plus', 'A number with a plus', having('"x":+1')],
  ['json-no-digit-after-dot', 'A number that ends with a dot', having('"x":1.')],
  ['json-hex', 'A number in hex', having('"x":0x10')],
  ['json-raw-line-break', 'A line break within a text', rewritten('Acme Corporation', 'Acme\nCorporation')],
  ['json-raw-tab', 'A tab within a text', rewritten('Acme Corporation', 'Acme\tCorporation')],
  ['json-escape', 'An escape that JSON does not have', rewritten('Acme Corporation', 'Acme\\xCorporation')],
  ['json-byte-order-mark', 'A byte order mark before the payload', saying(`\ufeff${payload}`)],
  [
    'json-byte-order-mark-header',
    'A byte order mark before the header',
    headed(`\ufeff${JSON.stringify(HEADER)}`),
  ],
  ['json-utf-16', 'A payload in UTF-16', saying(Buffer.from(payload, 'utf16le'))],
  [
    'json-latin-1',
    'A byte that is not UTF-8',
    saying(Buffer.from(payload.replace('Acme', 'Acm\xe9'), 'latin1')),
  ],
  [
    'json-overlong',
    'A letter in an overlong form of UTF-8',
    saying(Buffer.from(payload.replace('Acme', '\xc1\x81cme'), 'latin1')),
  ],
  [
    'json-encoded-surrogate',
    'A surrogate in UTF-8',
    saying(Buffer.from(payload.replace('Acme', '\xed\xa0\x80cme'), 'latin1')),
  ],
  [
    'json-white-space-other',
    'A no-break space before the payload: JSON has four kinds of white space',
    saying(`\u00a0${payload}`),
  ],
]);

const claims = malformed([
  ['claim-exp-null', 'exp: null is not a missing exp', license({ exp: null })],
  [
    'claim-exp-null-perpetual',
    'exp: null is not a missing exp, of a perpetual license too',
    license({ exp: null, license_type: 'perpetual' }),
  ],
  ['claim-exp-missing', 'A subscription without exp', license({ exp: undefined })],
  ['claim-exp-missing-demo', 'A demo without exp', license({ exp: undefined, license_type: 'demo' })],
  ['claim-exp-text', 'exp as a text', license({ exp: '1830000000' })],
  ['claim-exp-true', 'true is not 1', license({ exp: true })],
  ['claim-exp-array', 'exp in an array', license({ exp: [1830000000] })],
  ['claim-iat-false', 'false is not 0', license({ iat: false })],
  ['claim-iat-missing', 'No iat', license({ iat: undefined })],
  ['claim-iat-null', 'iat: null', license({ iat: null })],
  ['claim-rev-true', 'rev: true is not 1', license({ rev: true })],
  ['claim-rev-text', 'rev as a text', license({ rev: '1' })],
  ['claim-rev-fraction', 'rev: 1.5', license({ rev: 1.5 })],
  ['claim-rev-null', 'rev: null', license({ rev: null })],
  ['claim-jti-missing', 'No jti', license({ jti: undefined })],
  ['claim-jti-text', 'A jti that is not a UUID', license({ jti: 'license-1' })],
  [
    'claim-jti-line-break',
    'A UUID and a line break',
    license({ jti: '0bfb0cef-a864-400f-83d4-e8c6bd41dda5\n' }),
  ],
  ['claim-jti-braces', 'A UUID in braces', license({ jti: '{0bfb0cef-a864-400f-83d4-e8c6bd41dda5}' })],
  ['claim-iss-missing', 'No iss', license({ iss: undefined })],
  ['claim-iss-array', 'Several issuers', license({ iss: ['https://license.example'] })],
  ['claim-iss-nul', 'NUL within the issuer', license({ iss: 'https://license.example\0' })],
  ['claim-customer-missing', 'No customer', license({ customer: undefined })],
  ['claim-customer-array', 'An array for the customer', license({ customer: [] })],
  ['claim-customer-name-missing', 'A customer without name', license({ customer: { id: 'acme' } })],
  [
    'claim-customer-name-null',
    'A customer whose name is null',
    license({ customer: { id: 'acme', name: null } }),
  ],
  [
    'claim-customer-name-surrogate',
    'A lone surrogate in a name',
    license({ customer: { id: 'acme', name: 'A\ud800' } }),
  ],
  [
    'claim-customer-name-low-surrogate',
    'A lone low surrogate in a name',
    license({ customer: { id: 'acme', name: '\udc00A' } }),
  ],
  ['claim-customer-name-nul', 'NUL in a name', license({ customer: { id: 'acme', name: 'A\0' } })],
  [
    'claim-customer-name-256',
    'A name of 256 characters',
    license({ customer: { id: 'acme', name: 'x'.repeat(256) } }),
  ],
  [
    'claim-customer-name-256-astral',
    'A name of 256 characters beyond U+FFFF',
    license({ customer: { id: 'acme', name: '🚀'.repeat(256) } }),
  ],
  [
    'claim-customer-id-51',
    'A customer id of 51 characters',
    license({ customer: { id: 'x'.repeat(51), name: 'A' } }),
  ],
  ['claim-module-text', 'module as a text', license({ module: 'payroll' })],
  [
    'claim-module-name-101',
    'A module of 101 characters',
    license({ module: { technical_name: 'x'.repeat(101), allowed_major_versions: ['17'] } }),
  ],
  ['claim-versions-missing', 'No versions', license({ module: { technical_name: 'payroll' } })],
  [
    'claim-versions-text',
    'Versions as a text',
    license({ module: { technical_name: 'payroll', allowed_major_versions: '17' } }),
  ],
  [
    'claim-versions-number',
    'A version as a number',
    license({ module: { technical_name: 'payroll', allowed_major_versions: [17] } }),
  ],
  [
    'claim-versions-object',
    'Versions as an object',
    license({ module: { technical_name: 'payroll', allowed_major_versions: { 0: '17' } } }),
  ],
  ['claim-type-unknown', 'A license type that nobody knows', license({ license_type: 'trial' })],
  ['claim-type-case', 'License types have their case', license({ license_type: 'Subscription' })],
  ['claim-type-missing', 'No license type', license({ license_type: undefined })],
  [
    'claim-fingerprint-null',
    'instance_fingerprint: null is not a missing one',
    license({ instance_fingerprint: null }),
  ],
  [
    'claim-fingerprint-101',
    'A fingerprint of 101 characters',
    license({ instance_fingerprint: `sha256:${'a'.repeat(94)}` }),
  ],
  ['claim-status-null', 'status: null', license({ status: null })],
  ['claim-status-empty', 'status without status_list', license({ status: {} })],
  ['claim-status-array', 'A place as an array', license({ status: { status_list: [] } })],
  [
    'claim-status-index-text',
    'An index as a text',
    license({ status: { status_list: { idx: '5', uri: 'https://license.example/api/v1/status-lists/0' } } }),
  ],
  [
    'claim-status-index-fraction',
    'An index of 5.5',
    license({ status: { status_list: { idx: 5.5, uri: 'https://license.example/api/v1/status-lists/0' } } }),
  ],
  [
    'claim-status-index-true',
    'An index of true',
    license({ status: { status_list: { idx: true, uri: 'https://license.example/api/v1/status-lists/0' } } }),
  ],
  ['claim-status-uri-missing', 'A place without a list', license({ status: { status_list: { idx: 5 } } })],
]);

const ignored = valid([
  ['unknown-claim', 'A claim that nobody knows', license({ later: { max: [5, null], of: 'x' } })],
  ['unknown-claim-aud', 'aud is not read', license({ aud: 'somebody else' })],
  ['unknown-claim-nbf', 'nbf is not read, though it is later than now', license({ nbf: 1900000000 })],
  ['unknown-claim-nbf-text', 'nbf is not read, whatever it is', license({ nbf: 'soon' })],
  ['unknown-claim-proto', 'A claim that is called __proto__', having('"__proto__":{"exp":1}')],
  ['unknown-claim-constructor', 'A claim that is called constructor', license({ constructor: 1 })],
  ['unknown-claim-surrogate', 'A lone surrogate in a claim that is not read', license({ later: '\ud800' })],
  [
    'unknown-claim-long-number',
    'A number of 5,000 digits in a claim that is not read',
    having(`"later":${'9'.repeat(5000)}`),
  ],
  [
    'unknown-claim-infinite',
    'A number that no double holds in a claim that is not read',
    having('"later":1e400'),
  ],
  ['unknown-claim-case', 'EXP is not exp', license({ EXP: 1 })],
  [
    'unknown-member-module',
    'A member of module that nobody knows',
    license({ module: { ...LICENSE.module, edition: null } }),
  ],
  [
    'json-depth-16',
    'Objects and arrays 16 levels deep, with the payload itself',
    having(`"x":${nested(15)}`),
  ],
  [
    'json-white-space',
    'White space of JSON around everything',
    saying(` \t\r\n${JSON.stringify(LICENSE, null, '\t')}\n`),
  ],
  ['json-escaped-name', 'A name with an escape, once', rewritten('"exp"', '"\\u0065xp"')],
  ['form-8192', '8,192 characters', ofLength(8192)],
  ['form-outer-line-break', 'A line break after the token, as of a file', `${good}\n`],
  ['form-outer-windows', 'Windows line breaks and spaces around it', `\r\n  ${good}\t\r\n`],
  ['form-outer-no-break-space', 'White space of Unicode around it', `\u00a0\u2003${good}\u0085\u2028`],
  ['form-outer-8192', '8,192 characters, and white space around them', `  ${ofLength(8192)}\n`],
]);

const headers = [
  ...malformed([
    ['header-no-kid', 'No kid', license({}, { kid: undefined })],
    ['header-kid-number', 'A kid that is a number', license({}, { kid: 1 })],
    ['header-kid-null', 'A kid that is null', license({}, { kid: null })],
    ['header-no-alg', 'No alg', license({}, { alg: undefined })],
    ['header-alg-null', 'An alg that is null', license({}, { alg: null })],
    ['header-alg-array', 'Several algs', license({}, { alg: ['EdDSA'] })],
    ['header-crit', 'crit', license({}, { crit: ['exp'] })],
    ['header-crit-empty', 'An empty crit', license({}, { crit: [] })],
    ['header-crit-null', 'crit: null', license({}, { crit: null })],
    ['header-crit-b64', 'crit with b64', license({}, { crit: ['b64'], b64: false })],
    ['header-typ-null', 'typ: null is not a missing typ', license({}, { typ: null })],
    ['header-typ-empty', 'An empty typ', license({}, { typ: '' })],
    ['header-typ-access-token', 'The typ of an access token', license({}, { typ: 'at+jwt' })],
    ['header-typ-status-list', 'The typ of a status list', license({}, { typ: 'statuslist+jwt' })],
    ['header-typ-key-set', 'The typ of a key set', license({}, { typ: 'jwk-set+jwt' })],
    ['header-typ-activation', 'The typ of an activation', license({}, { typ: 'aegis-activation+jwt' })],
    ['header-array', 'A header that is an array', headed('["EdDSA"]')],
    ['header-empty', 'No header', headed('')],
  ]),
  ...valid([
    ['header-no-typ', 'No typ, as some tokens of v0.8', license({}, { typ: undefined })],
    ['header-typ-lower-case', 'typ has no case', license({}, { typ: 'jwt' })],
    ['header-typ-media-type', 'typ as a whole media type', license({}, { typ: 'application/JWT' })],
    ['header-alg-ed25519', 'The name of RFC 9864 for the algorithm', license({}, { alg: 'Ed25519' })],
    [
      'header-unknown-members',
      'Members that are not read: a key, an address of keys, certificates',
      license({}, { jwk: STRANGER.jwk, jku: 'https://elsewhere.example/keys', x5c: ['AA=='], cty: 'x' }),
    ],
  ]),
  vector(
    'header-own-key',
    'A token that brings the key that signed it',
    { token: license({}, { kid: 'vendor-1', jwk: STRANGER.jwk }, STRANGER) },
    SIGNATURE_INVALID,
  ),
  vector(
    'header-kid-path',
    'A path for a kid names no key',
    { token: license({}, { kid: '../../etc/passwd' }) },
    UNKNOWN_KEY,
  ),
  ...['none', 'None', 'HS256', 'ES256', 'RS256', 'Ed448', 'eddsa', 'EDDSA', ''].map((alg) =>
    vector(
      `header-alg-${alg === '' ? 'empty' : ({ None: 'none-capital', eddsa: 'lower-case', EDDSA: 'upper-case' }[alg] ?? alg.toLowerCase())}`,
      `alg ${JSON.stringify(alg)} under a kid that is known, with a signature by Ed25519 that holds`,
      { token: license({}, { alg }) },
      SIGNATURE_INVALID,
    ),
  ),
];

const signatures = [
  ['none', 'No signature', (of) => of.subarray(0, 0)],
  ['short', 'A signature of 63 bytes', (of) => of.subarray(0, 63)],
  ['long', 'A signature of 65 bytes', (of) => Buffer.concat([of, Buffer.alloc(1)])],
  ['zeros', 'A signature of zeros', () => Buffer.alloc(64)],
  [
    'first-bit',
    'The first bit of the signature is another',
    (of) => Buffer.concat([Buffer.from([of[0] ^ 1]), of.subarray(1)]),
  ],
  [
    'last-bit',
    'The last bit of the signature is another',
    (of) => Buffer.concat([of.subarray(0, 63), Buffer.from([of[63] ^ 0x80])]),
  ],
  ['halves-swapped', 'R and S are swapped', (of) => Buffer.concat([of.subarray(32), of.subarray(0, 32)])],
  ['malleable', 'S + L in place of S: the equation holds, and RFC 8032 refuses it', malleable],
  ['neutral', 'R is the neutral point and S is 0', () => NEUTRAL],
].map(([id, description, changed]) =>
  vector(`signature-${id}`, description, { token: jws(HEADER, payload, FIRST, changed) }, SIGNATURE_INVALID),
);

const other = license({ rev: 2 }).split('.');
const mixed = [
  vector(
    'signature-of-other-token',
    'The signature of another license',
    { token: `${head}.${body}.${other[2]}` },
    SIGNATURE_INVALID,
  ),
  vector(
    'signature-of-other-payload',
    'The payload of another license',
    { token: `${head}.${other[1]}.${signature}` },
    SIGNATURE_INVALID,
  ),
  vector(
    'signature-claims-raised',
    'The end was changed after signing',
    { token: `${head}.${base64url(JSON.stringify({ ...LICENSE, exp: 1900000000 }))}.${signature}` },
    SIGNATURE_INVALID,
  ),
  vector(
    'signature-of-second-key',
    'Signed by another key of the vendor than the kid says',
    { token: license({}, { kid: 'vendor-1' }, SECOND), keys: [jwkWithKid(FIRST), jwkWithKid(SECOND)] },
    SIGNATURE_INVALID,
  ),
  vector(
    'signature-by-root',
    'Signed by the root key, under a kid of a signing key',
    { token: license({}, { kid: 'vendor-1' }, ROOT) },
    SIGNATURE_INVALID,
  ),
  vector(
    'signature-header-written-again',
    'The same header, written in another order: other bytes are signed',
    {
      token: `${base64url(JSON.stringify({ kid: 'vendor-1', typ: 'JWT', alg: 'EdDSA' }))}.${body}.${signature}`,
    },
    SIGNATURE_INVALID,
  ),
  ...[
    ['1', 'of order 1: for it, a signature holds for any text', `01${'00'.repeat(31)}`],
    ['2', 'of order 2', `ec${'ff'.repeat(30)}7f`],
    ['4', 'of order 4', '00'.repeat(32)],
    ['8', 'of order 8', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'],
    ['not-canonical', 'of order 1 in an encoding that is not canonical', `ee${'ff'.repeat(30)}7f`],
  ].map(([id, which, hex]) =>
    vector(
      `signature-small-order-${id}`,
      `A key ${which}`,
      {
        token: jws(HEADER, payload, FIRST, () => NEUTRAL),
        keys: [{ ...small(hex), kid: 'vendor-1' }],
      },
      SIGNATURE_INVALID,
    ),
  ),
];

const lengths = [
  vector(
    'claim-customer-name-255',
    'A name of 255 characters beyond U+FFFF: characters are code points',
    { token: license({ customer: { id: 'acme', name: '🚀'.repeat(255) } }) },
    { ...VALID, customer_name: '🚀'.repeat(255) },
  ),
  vector(
    'claim-customer-name-empty',
    'An empty name: old tokens follow no pattern',
    { token: license({ customer: { id: '', name: '' } }) },
    { ...VALID, customer_name: '' },
  ),
  vector(
    'claim-customer-name-escapes',
    'Escapes in a name, one of them a pair of surrogates',
    { token: rewritten('Acme Corporation', 'A\\u00e9\\ud83d\\ude80\\/\\"\\n') },
    { ...VALID, customer_name: 'Aé🚀/"\n' },
  ),
  vector(
    'claim-customer-name-not-normalized',
    'A name that is not in a normal form of Unicode stays as it is',
    { token: license({ customer: { id: 'acme', name: 'e\u0301' } }) },
    { ...VALID, customer_name: 'e\u0301' },
  ),
  vector(
    'claim-module-any-text',
    'The name of a module of old tokens follows no pattern',
    {
      token: license({ module: { technical_name: 'Paie à façon', allowed_major_versions: ['17'] } }),
      question: { module: 'Paie à façon' },
    },
    VALID,
  ),
  vector(
    'claim-module-normal-form',
    'Modules are compared byte for byte, not by a normal form of Unicode',
    {
      token: license({ module: { technical_name: 'pay\u00e9', allowed_major_versions: ['17'] } }),
      question: { module: 'paye\u0301' },
    },
    refused('MODULE_MISMATCH'),
  ),
];

export default [...form, ...json, ...claims, ...ignored, ...headers, ...signatures, ...mixed, ...lengths];
