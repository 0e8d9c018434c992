// Texts that parsers and decoders of JSON read differently: lengths with white space, names that occur twice, lone
// surrogates, numbers, depth.
import { MALFORMED, refused, SIGNATURE_INVALID, UNKNOWN_KEY, VALID } from './answers.mjs';
import { FIRST, jwkWithKid, ROOT } from './keys.mjs';
import { LIST, listing, statusList } from './lists.mjs';
import { ACTIVATION, activationToken, FLOATING, HELD } from './seats.mjs';
import { having, headed, jws, keySet, LICENSE, license, rewritten, saying } from './texts.mjs';
import { vector } from './vector.mjs';

const good = license();
const HEADER = { alg: 'EdDSA', typ: 'JWT', kid: 'vendor-1' };
const header = JSON.stringify(HEADER);
const payload = JSON.stringify(LICENSE);

/** @param {[id: string, description: string, token: string][]} some */
const malformed = (some) =>
  some.map(([id, description, token]) => vector(id, description, { token }, MALFORMED));
/** @param {[id: string, description: string, token: string][]} some */
const valid = (some) => some.map(([id, description, token]) => vector(id, description, { token }, VALID));

/** Three bytes each in UTF-8: who counts bytes counts too many. */
const wide = '\u3000'.repeat(800);
const spaces = (before, after) => `${' '.repeat(before)}${good}${' '.repeat(after)}`;
const padding = 65_536 - good.length;
const lengths = [
  ...valid([
    ['space-65536-after', '65,536 characters with white space after the token', spaces(0, padding)],
    ['space-65536-before', '65,536 characters with white space before the token', spaces(padding, 0)],
    [
      'space-65536-wide',
      '65,536 characters, some of which take three bytes',
      `${wide}${spaces(0, padding - wide.length)}`,
    ],
  ]),
  ...malformed([
    ['space-65537-after', '65,537 characters with white space after the token', spaces(0, padding + 1)],
    ['space-65537-before', '65,537 characters with white space before the token', spaces(padding + 1, 0)],
    ['space-65537-only', '65,537 characters of white space', ' '.repeat(65_537)],
    ['space-only', 'A space', ' '],
  ]),
];

/** Of the longest text, by claims and a header that fill it: base64url has no text of every length. */
function ofLength(length, make) {
  for (const x of ['', 'x', 'xx']) {
    const lacking = length - make({ fill: '' }, { x }).length;
    for (const fill of [-1, 0, 1].map((more) => Math.floor((lacking * 3) / 4) + more)) {
      const text = make({ fill: 'x'.repeat(fill) }, { x });
      if (text.length === length) return text;
    }
  }
  throw new Error(`no text has ${length} characters`);
}
const KEY_SET = { iat: 1799996400, exp: 1831532400, keys: [jwkWithKid(FIRST)], compromised: [] };
const listOf = (length) => ({ token: good, status_list: ofLength(length, statusList) });
const seatOf = (length) => ({
  token: license(FLOATING),
  activation: { token: ofLength(length, activationToken), fingerprint: 'machine-1' },
});
const keySetOf = (length) => ({
  token: good,
  keys: {
    key_set: ofLength(length, (claims, more) => keySet({ ...KEY_SET, ...claims }, more)),
    root: ROOT.jwk,
  },
});
const INVALID_LIST = refused('STATUS_LIST_INVALID');
const FRESH = { ...VALID, revocation: 'fresh' };
const longest = [
  ['list-262144', 'A list of 262,144 characters', listOf(262_144), FRESH],
  ['list-262145', 'A list of 262,145 characters', listOf(262_145), INVALID_LIST],
  [
    'activation-8192',
    'An activation token of 8,192 characters',
    seatOf(8192),
    { ...VALID, activation: HELD },
  ],
  ['activation-8193', 'An activation token of 8,193 characters', seatOf(8193), refused('ACTIVATION_INVALID')],
  ['key-set-131072', 'A key set of 131,072 characters', keySetOf(131_072), VALID],
  ['key-set-131073', 'A key set of 131,073 characters', keySetOf(131_073), UNKNOWN_KEY],
].map(([id, description, parts, expect]) => vector(`longest-${id}`, description, parts, expect));

/** White space of Unicode that no other vector has. */
const whiteSpace = [
  ['0b', '\v'],
  ['0c', '\f'],
  ['1680', '\u1680'],
  ['2000', '\u2000'],
  ['200a', '\u200a'],
  ['2029', '\u2029'],
  ['202f', '\u202f'],
  ['205f', '\u205f'],
  ['3000', '\u3000'],
].map(([id, space]) => [
  `space-${id}`,
  `U+${id.toUpperCase().padStart(4, '0')} around it`,
  `${space}${good}${space}`,
]);
const noWhiteSpace = [
  ['00', '\0'],
  ['1c', '\x1c'],
  ['1f', '\x1f'],
  ['180e', '\u180e'],
  ['200b', '\u200b'],
  ['2060', '\u2060'],
].map(([id, other]) => [
  `no-space-${id}`,
  `U+${id.toUpperCase().padStart(4, '0')} after it is not white space`,
  `${good}${other}`,
]);

const names = [
  ...malformed([
    [
      'name-twice-escaped-iss',
      'iss, and the same with an escaped i',
      having('"\\u0069ss":"https://other.example"'),
    ],
    [
      'name-twice-escaped-fully',
      'exp, and the same in escapes alone',
      having('"\\u0065\\u0078\\u0070":1900000000'),
    ],
    ['name-twice-escaped-both', 'One name in two escapes', having('"\\u006Aoy":1,"\\u006aoy":2')],
    ['name-twice-escaped-slash', 'One name with / and with \\/', having('"a/b":1,"a\\/b":2')],
    ['name-twice-escaped-control', 'One name with \\n and with \\u000a', having('"a\\n":1,"a\\u000a":2')],
    [
      'name-twice-escaped-pair',
      'One name in UTF-8 and as a pair of escapes',
      having('"🚀":1,"\\ud83d\\ude80":2'),
    ],
    ['name-twice-surrogate', 'A lone surrogate twice', having('"\\ud800":1,"\\uD800":2')],
    ['name-twice-empty', 'The empty name twice', having('"":1,"":2')],
    ['name-twice-proto', '__proto__ twice', having('"__proto__":1,"__proto__":2')],
    ['name-twice-null', 'A claim twice, first as null', having('"rev":null')],
    ['name-twice-nul', 'A name with NUL twice', having('"a\\u0000":1,"a\\u0000":2')],
    ['name-twice-apart', 'A name twice, far apart', having(`"x":{"y":0,${many(200)},"y":1}`)],
    [
      'name-twice-header-kid',
      'kid, and the same with an escape',
      headed(`{"\\u006bid":"vendor-2",${header.slice(1)}`),
    ],
    [
      'name-twice-header-deep',
      'A name twice deep in the header',
      headed(`{"x":[[{"y":1,"y":1}]],${header.slice(1)}`),
    ],
    [
      'name-twice-module',
      'A name twice within module, once with an escape',
      rewritten('"technical_name":"payroll"', '"technical_name":"payroll","technical\\u005fname":"stock"'),
    ],
    [
      'name-twice-entitlements',
      'A code twice, once with an escape',
      rewritten('"seats":1', '"seats":1,"\\u0073eats":2', { entitlements: { seats: 1 } }),
    ],
  ]),
  ...valid([
    [
      'name-surrogates',
      'Three names: two lone surrogates, and U+FFFD',
      having('"\\ud800":1,"\\ud801":2,"\\ufffd":3'),
    ],
    [
      'name-surrogates-reversed',
      'A pair, and its halves in the other order',
      having('"\\ud83d\\ude80":1,"\\ude80\\ud83d":2'),
    ],
    ['name-normal-forms', 'Two names that look the same', having('"\\u00e9":1,"e\\u0301":2')],
    ['name-case', 'Names that differ in case', having('"X":1,"x":2,"Iss":3,"ISS":4')],
    ['name-nul', 'Names that differ behind a NUL', having('"iss\\u0000":1,"iss\\u0000x":2')],
    ['name-empty', 'An empty name', having('"":1')],
    ['name-in-siblings', 'The same name in two objects', having('"x":[{"y":1},{"y":1}],"y":1')],
    ['name-within-itself', 'A name within the object of that name', having('"exp ":{"exp":{"exp":1}}')],
    ['name-colons', 'Colons and quotes within texts', having('"a:\\"b\\":":"c\\\\\\":\\"d\\":{\\"e\\":"')],
  ]),
];

function many(count) {
  return Array.from({ length: count }, (_, at) => `"z${at}":${at}`).join();
}

const other = (typ, text, kid = 'vendor-1', key = FIRST) => jws({ alg: 'EdDSA', typ, kid }, text, key);
const twiceElsewhere = [
  vector(
    'name-twice-list',
    'sub of a list, and the same with an escape',
    {
      token: good,
      status_list: other('statuslist+jwt', JSON.stringify(LIST).replace('{', '{"\\u0073ub":"x",')),
    },
    INVALID_LIST,
  ),
  vector(
    'name-twice-activation',
    'exp of an activation, and the same with an escape',
    {
      token: license(FLOATING),
      activation: {
        token: other(
          'aegis-activation+jwt',
          JSON.stringify(ACTIVATION).replace('{', '{"\\u0065xp":1900000000,'),
        ),
        fingerprint: 'machine-1',
      },
    },
    refused('ACTIVATION_INVALID'),
  ),
  vector(
    'name-twice-key-set',
    'compromised of a key set, and the same with an escape',
    {
      token: good,
      keys: {
        key_set: other(
          'jwk-set+jwt',
          JSON.stringify(KEY_SET).replace('{', '{"\\u0063ompromised":[],'),
          'root-1',
          ROOT,
        ),
        root: ROOT.jwk,
      },
    },
    UNKNOWN_KEY,
  ),
];

/** A license with a lone surrogate, as an escape, in place of a text that occurs once in it. */
const surrogate = (from, to, claims) => rewritten(JSON.stringify(from), `"${to}"`, claims);
const BOUND = { instance_fingerprint: 'sha256:x' };
const surrogates = [
  ...malformed([
    [
      'surrogate-iss',
      'A lone surrogate in iss',
      surrogate('https://license.example', 'https://license.example\\ud800'),
    ],
    ['surrogate-jti', 'A lone surrogate after jti', surrogate(LICENSE.jti, `${LICENSE.jti}\\udfff`)],
    ['surrogate-customer-id', 'A lone surrogate in the id of the customer', surrogate('acme', '\\ud800')],
    [
      'surrogate-reversed',
      'A pair of surrogates in the other order',
      surrogate('Acme Corporation', '\\ude80\\ud83d'),
    ],
    [
      'surrogate-twice',
      'Two high surrogates, then a low one',
      surrogate('Acme Corporation', '\\ud83d\\ud83d\\ude80'),
    ],
    [
      'surrogate-before-text',
      'A high surrogate before another character',
      surrogate('Acme Corporation', '\\ud83dA'),
    ],
    ['surrogate-module', 'A lone surrogate in the module', surrogate('payroll', 'payroll\\ud800')],
    ['surrogate-version', 'A lone surrogate in a version that is not asked for', surrogate('18', '\\ud800')],
    ['surrogate-type', 'A lone surrogate in license_type', surrogate('subscription', 'subscription\\ud800')],
    ['surrogate-fingerprint', 'A lone surrogate in the fingerprint', surrogate('sha256:x', '\\ud800', BOUND)],
    ['surrogate-uri', 'A lone surrogate in the address of the list', surrogate(LIST.sub, '\\ud800')],
    ['surrogate-typ', 'A lone surrogate after typ', headed(header.replace('"JWT"', '"JWT\\ud800"'))],
    [
      'surrogate-encoded-pair',
      'A pair of surrogates in UTF-8, as CESU-8 has it',
      ofBytes('\xed\xa0\xbd\xed\xba\x80'),
    ],
    ['surrogate-half-escape', 'An escape of three digits', surrogate('Acme Corporation', 'A\\ud80')],
    [
      'surrogate-half-escape-low',
      'An escape without digits after a high surrogate',
      surrogate('Acme Corporation', '\\ud83d\\u'),
    ],
    ['surrogate-escape-sign', 'An escape with a sign', surrogate('Acme Corporation', 'A\\u+041')],
    [
      'surrogate-escape-upper-case',
      'An escape with an upper-case U',
      surrogate('Acme Corporation', 'A\\U0041'),
    ],
  ]),
  ...valid([
    [
      'surrogate-ignored-name',
      'Lone surrogates in names that are not read',
      having('"x":{"\\ud800":"\\udc00"}'),
    ],
    [
      'surrogate-ignored-header',
      'A lone surrogate in a header that is not read',
      headed(`{"x\\ud800":"\\ud800",${header.slice(1)}`),
    ],
  ]),
  vector(
    'surrogate-entitlement-code',
    'A code with a lone surrogate',
    { token: rewritten('"seats":1', '"seats\\ud800":1', { entitlements: { seats: 1 } }) },
    MALFORMED,
  ),
  vector(
    'surrogate-kid',
    'A kid that is a lone surrogate names no key',
    { token: headed(header.replace('vendor-1', '\\ud800')) },
    UNKNOWN_KEY,
  ),
  vector(
    'surrogate-kid-after',
    'A kid that is known, and a lone surrogate after it',
    { token: headed(header.replace('vendor-1', 'vendor-1\\udc00')) },
    UNKNOWN_KEY,
  ),
  vector(
    'surrogate-alg',
    'An alg with a lone surrogate, under a kid that is known',
    { token: headed(header.replace('EdDSA', 'EdDSA\\ud800')) },
    SIGNATURE_INVALID,
  ),
  vector(
    'surrogate-key-set-kid',
    'A kid of a key set with a lone surrogate',
    {
      token: good,
      keys: {
        key_set: other(
          'jwk-set+jwt',
          JSON.stringify(KEY_SET).replace('vendor-1', 'vendor-1\\ud800'),
          'root-1',
          ROOT,
        ),
        root: ROOT.jwk,
      },
    },
    UNKNOWN_KEY,
  ),
  vector(
    'surrogate-key-set-header-kid',
    'A key set whose own kid is a lone surrogate: which it is does not matter',
    {
      token: good,
      keys: {
        key_set: jws('{"alg":"EdDSA","typ":"jwk-set+jwt","kid":"\\ud800"}', JSON.stringify(KEY_SET), ROOT),
        root: ROOT.jwk,
      },
    },
    VALID,
  ),
  vector(
    'surrogate-list-sub',
    'A list whose sub has a lone surrogate',
    {
      token: good,
      status_list: other('statuslist+jwt', JSON.stringify(LIST).replace('lists/0', 'lists/0\\ud800')),
    },
    INVALID_LIST,
  ),
  vector(
    'surrogate-activation-iss',
    'An activation whose iss has a lone surrogate',
    {
      token: license(FLOATING),
      activation: {
        token: other(
          'aegis-activation+jwt',
          JSON.stringify(ACTIVATION).replace('.example', '.example\\ud800'),
        ),
        fingerprint: 'machine-1',
      },
    },
    refused('ACTIVATION_INVALID'),
  ),
];

function ofBytes(name) {
  return saying(Buffer.from(payload.replace('Acme', name), 'latin1'));
}

const number = (from, to, claims) => rewritten(from, to, claims);
const exp = (to) => number('"exp":1830000000', `"exp":${to}`);
const iat = (to) => number('"iat":1790000000', `"iat":${to}`);
const idx = (to) => number('"idx":5', `"idx":${to}`);
const PERPETUAL = { license_type: 'perpetual', exp: undefined };
const numbers = [
  ...valid([
    ['number-exponent-capital', '1.83E9', exp('1.83E9')],
    ['number-exponent-plus', '1.83e+9', exp('1.83e+9')],
    ['number-exponent-zeros', '183e0000000007', exp('183e0000000007')],
    ['number-exponent-negative', '18300000000e-1', exp('18300000000e-1')],
    ['number-exponent-large-digits', '0.00000000183e18', exp('0.00000000183e18')],
    ['number-digits-300', '1830000000 and 300 zeros after the dot', exp(`1830000000.${'0'.repeat(300)}`)],
    // Go's reader loses digits of a whole number beyond 800.
    [
      'number-digits-900',
      '1830000000 and 900 zeros, times 10^-900',
      exp(`1830000000${'0'.repeat(900)}e-900`),
    ],
    [
      'number-digits-5000',
      '1830000000 and 5,000 digits, times 10^-5000: the nearest double is whole',
      exp(`1830000000${'0'.repeat(4_999)}1e-5000`),
    ],
    [
      'number-exponent-after-zeros',
      '183 after 3,000 zeros, times 10^3010',
      exp(`0.${'0'.repeat(3_000)}183e3010`),
    ],
    ['number-minus-zero-fraction', '-0.0 is 0', iat('-0.0')],
    ['number-minus-zero-exponent', '-0e9 is 0', iat('-0e9')],
    ['number-zero-exponent', '0e999999999 is 0', iat('0e999999999')],
    ['number-tiny', '1e-400, for which 0 is the nearest double', iat('1e-400')],
    ['number-tiny-negative', '-1e-400 is 0 too', iat('-1e-400')],
    ['number-tiny-exponent-long', '1e-99999999999999999999 is 0', iat('1e-99999999999999999999')],
    ['number-index-minus-zero', 'An index of -0, without a list', idx('-0')],
    [
      'number-index-rounded',
      '9007199254740991.4, for which 2^53 - 1 is the nearest double',
      idx('9007199254740991.4'),
    ],
    ['number-rev-least', 'rev: -(2^53 - 1)', number('"rev":1', '"rev":-9007199254740991')],
    [
      'number-ignored-exponent',
      'An exponent of 20 digits in a claim that is not read',
      having('"x":1e99999999999999999999'),
    ],
    ['number-ignored-negative', '-1e400 in a claim that is not read', having('"x":[-1e400,-0,0E+0]')],
    [
      'number-ignored-digits',
      'A fraction of 3,000 digits in a claim that is not read',
      having(`"x":0.${'3'.repeat(3000)}`),
    ],
  ]),
  vector(
    'number-last-second-rounded',
    '253402300799.00000001 is the last second of the year 9999: no double is nearer',
    { token: exp('253402300799.00000001') },
    { ...VALID, expires_at: '9999-12-31T23:59:59.000Z' },
  ),
  vector(
    'number-grace-minus-zero',
    'grace_days: -0 of a license without an end',
    { token: number('"grace_days":1', '"grace_days":-0', { ...PERPETUAL, grace_days: 1 }) },
    { ...VALID, license_type: 'perpetual', expires_at: null },
  ),
  vector(
    'number-grace-exponent',
    'grace_days: 1e1',
    { token: number('"grace_days":1', '"grace_days":1e1', { grace_days: 1 }), now: 1830863999 },
    { ...VALID, warnings: ['IN_GRACE'] },
  ),
  vector(
    'number-entitlements',
    '1e2, 3.0, -0, 2.5e1 and -0.0 are the whole numbers 100, 3, 0, 25 and 0',
    { token: number('"a":1', '"a":1e2,"b":3.0,"c":-0,"d":2.5e1,"e":-0.0', { entitlements: { a: 1 } }) },
    { ...VALID, entitlements: { a: 100, b: 3, c: 0, d: 25, e: 0 } },
  ),
  vector(
    'number-index-minus-zero-listed',
    'An index of -0 is the first of a list',
    { token: idx('-0'), status_list: listing(0) },
    FRESH,
  ),
  vector(
    'number-list-bits',
    'bits: 2.0 and ttl: 72e2',
    {
      token: good,
      status_list: other(
        'statuslist+jwt',
        JSON.stringify(LIST).replace('"bits":2', '"bits":2.0').replace('"ttl":7200', '"ttl":72e2'),
      ),
    },
    FRESH,
  ),
  ...malformed([
    ['number-exponent-missing', '1e', having('"x":1e')],
    ['number-exponent-sign-only', '1e+', having('"x":1e+')],
    ['number-exponent-fraction', '1e1.5', having('"x":1e1.5')],
    ['number-exponent-double', '1e1e1', having('"x":1e1e1')],
    ['number-dot-first', '.5', having('"x":.5')],
    ['number-dot-exponent', '1.e1', having('"x":1.e1')],
    ['number-minus-only', '-', having('"x":-')],
    ['number-minus-twice', '--1', having('"x":--1')],
    ['number-minus-leading-zero', '-01', having('"x":-01')],
    ['number-minus-space', '- 1', having('"x":- 1')],
    ['number-zeros', '00', having('"x":00')],
    ['number-underscore', '1_000', having('"x":1_000')],
    ['number-big', '1n', having('"x":1n')],
    ['number-octal', '0o7', having('"x":0o7')],
    ['number-other-digits', 'Digits of another script', having('"x":\u0661')],
    ['number-exp-minus-one', '-1e0 is before 1970', exp('-1e0')],
    ['number-exp-half', '18300000005e-1', exp('18300000005e-1')],
    ['number-exp-year-10000', '2.534023008e11 is in the year 10000', exp('2.534023008e11')],
    [
      'number-index-rounded-up',
      '9007199254740991.5, for which 2^53 is as near, and even',
      idx('9007199254740991.5'),
    ],
    ['number-rev-too-small', 'rev: -(2^53)', number('"rev":1', '"rev":-9007199254740992')],
    ['number-rev-infinite', 'rev: -1e400', number('"rev":1', '"rev":-1e400')],
    ['number-exp-long-exponent', 'exp: 1e99999999999999999999', exp('1e99999999999999999999')],
  ]),
];

const nested = (levels, inner = '') => `${'['.repeat(levels)}${inner}${']'.repeat(levels)}`;
const objects = (levels) => `${'{"a":'.repeat(levels)}0${'}'.repeat(levels)}`;
const deepest = (levels) => `{"x":${nested(levels - 1)},`;
const depth = [
  ...valid([
    ['depth-16-objects', '16 objects within each other', having(`"x":${objects(15)}`)],
    ['depth-16-header', 'A header 16 levels deep', headed(header.replace('{', deepest(16)))],
    [
      'depth-16-twice',
      '16 levels, several times',
      having(`"x":${nested(15)},"y":[${nested(14)},${nested(14)}]`),
    ],
    ['depth-16-value', '16 levels with a number in them', having(`"x":${nested(15, '1')}`)],
    ['depth-in-text', 'Brackets in a text are not levels', having(`"x":"${'[{'.repeat(100)}"`)],
  ]),
  ...malformed([
    ['depth-17-objects', '17 objects within each other', having(`"x":${objects(16)}`)],
    ['depth-17-empty-object', 'An empty object at level 17', having(`"x":${nested(15, '{}')}`)],
    ['depth-17-first', '17 levels, then all claims', saying(payload.replace('{', deepest(17)))],
    [
      'depth-17-customer',
      '17 levels within customer',
      rewritten('"id":"acme"', `"id":"acme","x":${nested(15)}`),
    ],
    ['depth-bomb-objects', '1,000 objects within each other', having(`"x":${objects(1000)}`)],
    ['depth-unclosed', '5,000 arrays that do not end', saying('['.repeat(5000))],
  ]),
  ...[16, 17].flatMap((levels) => [
    vector(
      `depth-${levels}-list`,
      `A list ${levels} levels deep`,
      {
        token: good,
        status_list: other('statuslist+jwt', JSON.stringify(LIST).replace('{', deepest(levels))),
      },
      { 16: FRESH, 17: INVALID_LIST }[levels],
    ),
    vector(
      `depth-${levels}-activation`,
      `An activation token ${levels} levels deep`,
      {
        token: license(FLOATING),
        activation: {
          token: other('aegis-activation+jwt', JSON.stringify(ACTIVATION).replace('{', deepest(levels))),
          fingerprint: 'machine-1',
        },
      },
      { 16: { ...VALID, activation: HELD }, 17: refused('ACTIVATION_INVALID') }[levels],
    ),
  ]),
  vector(
    'depth-16-key-set',
    'A key set 16 levels deep',
    {
      token: good,
      keys: {
        key_set: other('jwk-set+jwt', JSON.stringify(KEY_SET).replace('{', deepest(16)), 'root-1', ROOT),
        root: ROOT.jwk,
      },
    },
    VALID,
  ),
];

const types = [
  ...malformed([
    ['typ-twice', 'application/ twice', license({}, { typ: 'application/application/jwt' })],
    ['typ-other-tree', 'text/ before typ', license({}, { typ: 'text/jwt' })],
    ['typ-space', 'A space after typ', license({}, { typ: 'JWT ' })],
    ['typ-parameter', 'typ with a parameter', license({}, { typ: 'JWT;charset=utf-8' })],
    ['typ-prefix-only', 'application/ alone', license({}, { typ: 'application/' })],
    ['typ-full-width', 'typ in full-width letters', license({}, { typ: '\uff2a\uff37\uff34' })],
  ]),
  ...valid([['typ-prefix-upper-case', 'APPLICATION/jwt', license({}, { typ: 'APPLICATION/jwt' })]]),
  vector(
    'typ-kelvin',
    'A typ of a key set with the Kelvin sign, whose lower case is k',
    {
      token: good,
      keys: { key_set: keySet(KEY_SET, { typ: 'jw\u212a-set+jwt' }), root: ROOT.jwk },
    },
    UNKNOWN_KEY,
  ),
  vector(
    'typ-long-s',
    'A typ of a list with a long s, whose upper case is S',
    { token: good, status_list: statusList({}, { typ: '\u017ftatuslist+jwt' }) },
    INVALID_LIST,
  ),
  vector(
    'typ-dotted-i',
    'A typ of an activation with a dotted I, whose lower case is i and a dot above',
    {
      token: license(FLOATING),
      activation: {
        token: activationToken({}, { typ: 'aegis-act\u0130vation+jwt' }),
        fingerprint: 'machine-1',
      },
    },
    refused('ACTIVATION_INVALID'),
  ),
];

const strings = malformed([
  ['text-control-1f', 'U+001F within a text', rewritten('Acme Corporation', 'Acme\x1fCorporation')],
  ['text-control-00', 'U+0000 within a text', having('"x":"\0"')],
  ['text-control-name', 'A line break within a name', having('"x\n":1')],
  ['text-unclosed', 'A text that does not end', saying(`${payload.slice(0, -1)},"x":"`)],
  ['text-unclosed-escape', 'A text that ends with a backslash', saying(`${payload.slice(0, -1)},"x":"\\`)],
  ['text-name-number', 'A name that is a number', having('1:1')],
  ['text-name-bare', 'A name without quotes', having('x:1')],
  ['text-no-colon', 'A name without a value', having('"x"')],
  ['text-comma-first', 'A comma before the first member', saying(payload.replace('{', '{,'))],
  ['text-comma-twice', 'Two commas', having('"x":1,')],
  ['text-comma-array', 'A comma at the end of an array', having('"x":[1,]')],
  ['text-bracket-wrong', 'An array that ends like an object', having('"x":[1}')],
  ['text-true-capital', 'True', having('"x":True')],
  ['text-true-longer', 'truex', having('"x":truex')],
  ['text-undefined', 'undefined', having('"x":undefined')],
  ['text-form-feed', 'A form feed is not white space of JSON', saying(`\f${payload}`)],
  ['text-line-separator', 'U+2028 is not white space of JSON', saying(`${payload}\u2028`)],
  ['text-nul-after', 'A NUL after the object', saying(`${payload}\0`)],
]);

export default [
  ...lengths,
  ...longest,
  ...valid(whiteSpace),
  ...malformed(noWhiteSpace),
  ...names,
  ...twiceElsewhere,
  ...surrogates,
  ...numbers,
  ...depth,
  ...types,
  ...strings,
  vector(
    'text-control-7f',
    'U+007F and U+2028 within a text are no control characters of JSON',
    { token: rewritten('Acme Corporation', 'Acme\x7f\u2028') },
    { ...VALID, customer_name: 'Acme\x7f\u2028' },
  ),
];
