// What a license allows beyond running.
import { KEY_COMPROMISED, MALFORMED, refused, VALID } from './answers.mjs';
import { FIRST, jwkWithKid, ROOT, STOLEN } from './keys.mjs';
import { listing } from './lists.mjs';
import { keySet, license, rewritten } from './texts.mjs';
import { vector } from './vector.mjs';

const having = (entitlements) => license({ entitlements });
const allows = (entitlements) => ({ ...VALID, entitlements });
/** Codes `e0` to `e99`, and so on. */
const many = (count, value) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`e${at}`, value]));
/** Takes so many bytes as JSON: 12 texts of 150 characters, and one more. */
const ofBytes = (bytes) => {
  const texts = Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`t${at + 10}`, 'x'.repeat(150)]));
  return { ...texts, last: 'x'.repeat(bytes - (1 + 12 * 159 + 9 + 1)) };
};

/** Texts, and the bytes that each takes as JSON. */
const ESCAPED = [
  ['control', '\x01', 6],
  ['line-break', '\n', 2],
  ['quote', '"', 2],
  ['slash', '/', 1],
  ['delete', '\x7f', 1],
  ['separator', '\u2028', 3],
  ['astral', '🚀', 4],
];
/** `ofBytes`, and after them a text. */
function endingWith(text, bytes) {
  const entitlements = ofBytes(bytes);
  return { ...entitlements, last: `${entitlements.last}${text}` };
}

const read = [
  ['none', 'No claim: nothing', license(), {}],
  ['empty', 'An empty object: nothing', having({}), {}],
  [
    'kinds',
    'true, false, a number and a text',
    having({ multi_company: true, trial: false, max_employees: 250, edition: 'pro' }),
    { multi_company: true, trial: false, max_employees: 250, edition: 'pro' },
  ],
  [
    'one-and-true',
    '1 is not true, and 0 is not false',
    having({ a: 1, b: true, c: 0, d: false }),
    { a: 1, b: true, c: 0, d: false },
  ],
  ['text-of-number', 'A text of digits is a text', having({ a: '1', b: '' }), { a: '1', b: '' }],
  [
    'constructor',
    'Codes that objects of some languages inherit',
    having({ constructor: true, prototype: 1, valueof: 'x' }),
    { constructor: true, prototype: 1, valueof: 'x' },
  ],
  ['code-characters', 'Every kind of character of a code', having({ 'a0_.-z': true }), { 'a0_.-z': true }],
  [
    'code-50',
    'A code of 50 characters',
    having({ [`a${'b'.repeat(49)}`]: true }),
    { [`a${'b'.repeat(49)}`]: true },
  ],
  ['largest-number', '2^53 - 1', having({ max: 9007199254740991 }), { max: 9007199254740991 }],
  ['zero', '0', having({ max: 0 }), { max: 0 }],
  [
    'fraction-zero',
    '250.0 is 250',
    rewritten('"max":250', '"max":250.0', { entitlements: { max: 250 } }),
    { max: 250 },
  ],
  [
    'exponent',
    '25e1 is 250',
    rewritten('"max":250', '"max":25e1', { entitlements: { max: 250 } }),
    { max: 250 },
  ],
  ['text-200', 'A text of 200 characters', having({ a: 'x'.repeat(200) }), { a: 'x'.repeat(200) }],
  [
    'text-200-astral',
    'A text of 200 characters beyond U+FFFF',
    having({ a: '🚀'.repeat(200) }),
    { a: '🚀'.repeat(200) },
  ],
  ['text-escapes', 'A text with escapes', having({ a: 'é"\\\n\u2028' }), { a: 'é"\\\n\u2028' }],
  ['100', '100 entries', having(many(100, true)), many(100, true)],
  ['2048-bytes', '2,048 bytes as JSON', having(ofBytes(2048)), ofBytes(2048)],
  ...ESCAPED.map(([id, text, bytes]) => [
    `2048-bytes-${id}`,
    `2,048 bytes, where ${JSON.stringify(text)} takes ${bytes}`,
    having(endingWith(text, 2048 - bytes)),
    endingWith(text, 2048 - bytes),
  ]),
  [
    '2048-bytes-written-longer',
    '2,048 bytes as JSON, and more as they are written: what counts is the shortest JSON',
    rewritten('"t10":', `"t10" ${' '.repeat(50)}: `, { entitlements: ofBytes(2048) }),
    ofBytes(2048),
  ],
];

const broken = [
  ['null', 'null is not a missing claim', having(null)],
  ['array', 'An array', having([])],
  ['text', 'A text', having('pro')],
  ['code-upper-case', 'A code in upper case', having({ Edition: 'pro' })],
  ['code-empty', 'An empty code', having({ '': true })],
  ['code-digit', 'A code that begins with a digit', having({ '2fa': true })],
  ['code-underscore', 'A code that begins with an underscore', having({ _a: true })],
  [
    'code-proto',
    'A code called __proto__',
    rewritten('"entitlements":{}', '"entitlements":{"__proto__":true}', { entitlements: {} }),
  ],
  ['code-space', 'A code with a space', having({ 'a b': true })],
  ['code-line-break', 'A code with a line break at its end', having({ 'a\n': true })],
  ['code-other-letter', 'A letter beyond a-z', having({ é: true })],
  ['code-51', 'A code of 51 characters', having({ [`a${'b'.repeat(50)}`]: true })],
  ['value-null', 'A value that is null', having({ a: null })],
  ['value-object', 'A value that is an object', having({ a: {} })],
  ['value-array', 'A value that is an array', having({ a: [1] })],
  ['number-negative', 'A number below 0', having({ a: -1 })],
  ['number-fraction', 'A number that is not whole', having({ a: 1.5 })],
  ['number-2-53', '2^53', having({ a: 9007199254740992 })],
  [
    'number-infinite',
    'A number that no double holds',
    rewritten('"a":1', '"a":1e999', { entitlements: { a: 1 } }),
  ],
  ['text-201', 'A text of 201 characters', having({ a: 'x'.repeat(201) })],
  ['text-nul', 'A text with NUL', having({ a: 'x\0' })],
  ['text-surrogate', 'A lone surrogate', having({ a: '\ud800' })],
  ['101', '101 entries', having(many(101, true))],
  ['2049-bytes', '2,049 bytes as JSON', having(ofBytes(2049))],
  ...ESCAPED.map(([id, text, bytes]) => [
    `2049-bytes-${id}`,
    `2,049 bytes, where ${JSON.stringify(text)} takes ${bytes}`,
    having(endingWith(text, 2049 - bytes)),
  ]),
  [
    '2049-bytes-of-utf-8',
    'Bytes are counted, not characters',
    having({ ...ofBytes(2047), last: `${ofBytes(2047).last.slice(1)}€` }),
  ],
  ['doubled-code', 'A code twice', rewritten('"a":1', '"a":1,"a":2', { entitlements: { a: 1 } })],
];

const some = license({ entitlements: { edition: 'pro' } });
const judged = [
  [
    'expired',
    'An expired license shows what it allowed',
    { token: license({ entitlements: { edition: 'pro' }, exp: 1799999999 }) },
    refused('EXPIRED', { entitlements: { edition: 'pro' }, expires_at: '2027-01-15T07:59:59.000Z' }),
  ],
  [
    'revoked',
    'A revoked license does',
    { token: some, status_list: listing(1) },
    refused('REVOKED', { entitlements: { edition: 'pro' }, revocation: 'fresh' }),
  ],
  [
    'wrong-module',
    'A license of another module does',
    { token: some, question: { module: 'accounting' } },
    refused('MODULE_MISMATCH', { entitlements: { edition: 'pro' } }),
  ],
  [
    'compromised',
    'A license of a compromised key does not',
    {
      token: license({ entitlements: { edition: 'pro' } }, {}, STOLEN),
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
    KEY_COMPROMISED,
  ],
];

export default [
  ...read.map(([id, description, token, entitlements]) =>
    vector(`entitlements-${id}`, description, { token }, allows(entitlements)),
  ),
  ...broken.map(([id, description, token]) =>
    vector(`entitlements-malformed-${id}`, description, { token }, MALFORMED),
  ),
  ...judged.map(([id, description, parts, expect]) =>
    vector(`entitlements-${id}`, description, parts, expect),
  ),
];
