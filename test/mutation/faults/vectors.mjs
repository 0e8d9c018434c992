import { inFile } from './fault.mjs';

const lib = 'libs/license-token/src';

export default {
  area: 'vectors of clients',
  suites: [`${lib}/vectors.spec.ts`, `${lib}/status-lists/status-list.spec.ts`],
  faults: [
    ...inFile(`${lib}/text/strict-json.ts`, [
      ['reads 17 levels', 'const MAX_DEPTH = 16;', 'const MAX_DEPTH = 17;'],
      ['reads 15 levels', 'const MAX_DEPTH = 16;', 'const MAX_DEPTH = 15;'],
      ['takes the last of a doubled name', 'membersRead(value) === membersWritten(json)', 'true'],
    ]),
    ...inFile(`${lib}/text/shown-token.ts`, [
      ['refuses 65,536 characters with white space', '> MAX_SHOWN_LENGTH', '>= MAX_SHOWN_LENGTH'],
      ['takes white space without end', 'text.length > MAX_SHOWN_LENGTH', 'text.length < 0'],
    ]),
    ...inFile(`${lib}/text/white-space.ts`, [
      [
        'takes a zero width space for white space',
        'WHITE_SPACE = /^\\p{White_Space}$/u',
        'WHITE_SPACE = /^[\\p{White_Space}\\u200b]$/u',
      ],
    ]),
    ...inFile(`${lib}/claims/entitlements.ts`, [
      [
        'shows -0',
        'if (!entries.some(([, value]) => Object.is(value, -0))) return entitlements;',
        'if (entries.length > 0) return entitlements;',
      ],
    ]),
    ...inFile(`${lib}/text/base64url.ts`, [
      ['reads spare bits', 'if (last === 3 ? (three & 0b11) !== 0 : (two & 0b1111) !== 0) return false;', ''],
      ['drops a byte order mark', 'ignoreBOM: true }', 'ignoreBOM: false }'],
      ['reads bytes that are not UTF-8', 'fatal: true,', 'fatal: false,'],
      ['skips what is not base64url', 'return seen < 64;', 'return true;'],
    ]),
    ...inFile(`${lib}/text/compact-jws.ts`, [
      ['reads crit', "if (Object.hasOwn(members, 'crit')) return { malformed: 'the header has crit' };", ''],
      ['takes any typ', 'mediaType(typ) !== mediaType(expected.typ)', 'false'],
      ['asks typ for its case', 'letters.toLowerCase()', 'letters'],
      [
        'takes the Kelvin sign for k',
        'typ.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())',
        'typ.toLowerCase()',
      ],
      ['reads a token of any length', 'if (jws.length > maxLength)', 'if (jws.length > 8 * maxLength)'],
      ['refuses a token of 8,192 characters', 'if (jws.length > maxLength)', 'if (jws.length >= maxLength)'],
    ]),
    ...inFile(`${lib}/claims/claim-shape.ts`, [
      [
        'refuses the second 0',
        'Number(value) >= 0 && Number(value) <= LAST_SECOND',
        'Number(value) > 0 && Number(value) <= LAST_SECOND',
      ],
      ['reads the year 10000', 'Number(value) >= 0 && Number(value) <= LAST_SECOND', 'Number(value) >= 0'],
      ['reads a subscription without end', "if (members.license_type !== 'perpetual') return 'exp';", ''],
      [
        'takes null for absent',
        'value === undefined || check(value)',
        'value === undefined || value === null || check(value)',
      ],
      [
        'takes 1 for true',
        "required: (value) => typeof value === 'boolean'",
        "required: (value) => typeof value === 'boolean' || value === 1",
      ],
      [
        'refuses claims of later versions',
        'const broken = CLAIMS.find(',
        "if ('later' in members) return 'later';\n  const broken = CLAIMS.find(",
      ],
      [
        'reads nbf',
        'iat: numericDate,\n  exp: optional(numericDate),',
        'iat: numericDate,\n  nbf: optional(numericDate),\n  exp: optional(numericDate),',
      ],
    ]),
    ...inFile(`${lib}/version.ts`, [
      ['takes digits of other scripts', String.raw`(\d{1,10})(?!\d)/`, String.raw`(\p{Nd}{1,10})(?!\d)/u`],
      ['forgets releases between versions', '(?:saas[~-])?', ''],
    ]),
    ...inFile(`${lib}/small-order.ts`, [
      [
        'takes a key that anyone can sign for',
        'return SMALL_ORDER.has(x);',
        'return x === "" && SMALL_ORDER.has(x);',
      ],
      ['takes an R of small order', 'FIRST_BYTES.has(signature[0]) &&', 'signature.length === 0 &&'],
      ...[
        ['of order 2', '7P_______________________________________38'],
        ['of order 4', 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA'],
        ['of order 8', 'xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o'],
        ['of order 4 in its second form', '7f_______________________________________38'],
      ].map(([which, x]) => [`takes a key ${which}`, `  '${x}',\n`, '']),
    ]),
    ...inFile(`${lib}/signature.ts`, [
      [
        'takes any alg',
        'return ACCEPTED_ALGS.includes(alg);',
        "return alg !== '' || ACCEPTED_ALGS.includes(alg);",
      ],
      ['knows only one name of the algorithm', "['EdDSA', 'Ed25519']", "['EdDSA']"],
    ]),
    ...inFile(`${lib}/key-set-proof.ts`, [
      [
        'takes any alg for that of a compromised key',
        "isAcceptedAlg(text.header.alg) ? 'compromised' : 'signature_invalid'",
        "'compromised'",
      ],
    ]),
    ...inFile(`${lib}/key-set.ts`, [
      [
        'trusts another root',
        'if (!(await verifySignature(parsed, await importEd25519(root))))',
        'if (parsed.signature.length !== 64)',
      ],
      [
        'reads a kid twice',
        "if (new Set(kids).size < kids.length) return { malformed: 'a kid occurs twice' };",
        '',
      ],
      [
        'trusts keys at the end of their key set',
        'return !(now.getTime() < exp * 1000);',
        'return !(now.getTime() <= exp * 1000);',
      ],
    ]),
    ...inFile(`${lib}/judge.ts`, [
      [
        'judges the end before the revocation',
        "refusedByRecord(record) ??\n    (isExpired(claims, now) ? 'EXPIRED' : null) ??",
        "(isExpired(claims, now) ? 'EXPIRED' : null) ??\n    refusedByRecord(record) ??",
      ],
      [
        'asks for the seat before the end',
        "(isExpired(claims, now) ? 'EXPIRED' : null) ??\n    (asksForSeat ? refusedBySeat(claims, activation, seat) : null) ??",
        "(asksForSeat ? refusedBySeat(claims, activation, seat) : null) ??\n    (isExpired(claims, now) ? 'EXPIRED' : null) ??",
      ],
      ['expires a second late', '!(now.getTime() < end)', '!(now.getTime() <= end)'],
      ['warns a second late', '<= EXPIRES_SOON_MS', '< EXPIRES_SOON_MS'],
      ['counts grace in days of 23 hours', 'const DAY_MS = 24 *', 'const DAY_MS = 23 *'],
    ]),
    ...inFile(`${lib}/status-lists/status-list-reader.ts`, [
      [
        'counts from the highest bits',
        '((index % perByte) * bits)',
        '((perByte - 1 - (index % perByte)) * bits)',
      ],
      [
        'inflates any number of bytes',
        'MAX_STATUSES_BYTES = 1_048_576',
        'MAX_STATUSES_BYTES = 1_073_741_824',
      ],
      [
        'reads another list than the token names',
        'if (status?.status_list.uri !== list.uri) return',
        'if (status?.status_list.uri === undefined) return',
      ],
      ['is fresh for longer than its ttl', 'iat + ttl) * 1000', 'iat + ttl + 1) * 1000'],
      ['reads a list at its end', 'return now < list.expires_at ?', 'return now <= list.expires_at ?'],
    ]),
    ...inFile(`${lib}/offline.ts`, [
      [
        'takes a list that cannot be used for a missing one',
        "({ refused: 'STATUS_LIST_INVALID' } as const)",
        "'offline'",
      ],
      [
        'forgets how long a list may be used',
        'list.issued_at.getTime() + maxOffline * 1000',
        'list.expires_at.getTime()',
      ],
    ]),
    ...inFile(`${lib}/clock-guard.ts`, [
      ['tolerates a second more', 'const TOLERANCE_S = 300;', 'const TOLERANCE_S = 301;'],
      ['resets by a list of an hour and a second', 'const NEW_LIST_S = 3_600;', 'const NEW_LIST_S = 3_601;'],
      ['knows the clock without a state', 'before === null || isSetBack', 'isSetBack'],
    ]),
    ...inFile(`${lib}/activations/offline-seat.ts`, [
      [
        'takes the answer to another request',
        'claims.nonce !== undefined && claims.nonce !== shown.nonce',
        'false',
      ],
      [
        'takes the seat of another license',
        'if (claims.sub.toLowerCase() !== license.jti.toLowerCase()) return INVALID;',
        '',
      ],
      [
        'gives leave without an offline file',
        'mayLackLists: claims.nonce !== undefined && liveSeat(seat, now) !== null',
        'mayLackLists: liveSeat(seat, now) !== null',
      ],
      [
        'gives leave for longer than a file counts',
        'mayLackLists: claims.nonce !== undefined && liveSeat(seat, now) !== null',
        'mayLackLists: claims.nonce !== undefined',
      ],
    ]),
    ...inFile(`${lib}/claims/entitlements.ts`, [
      ['takes 2,049 bytes', '> MAX_ENTITLEMENTS_BYTES)', '> MAX_ENTITLEMENTS_BYTES + 1)'],
      ['takes 101 entries', 'entries.length > MAX_ENTITLEMENTS', 'entries.length > MAX_ENTITLEMENTS + 1'],
    ]),
  ],
};
