import { inFile } from './fault.mjs';

const HERE = 'libs/license-token/src/activations';

export default {
  area: 'activation tokens and offline requests',
  suites: [
    `${HERE}/seat-evidence.spec.ts`,
    `${HERE}/activation-token.spec.ts`,
    `${HERE}/offline-seat.spec.ts`,
    `${HERE}/offline-request.spec.ts`,
    `${HERE}/offline-file.spec.ts`,
    `${HERE}/activation-fingerprint.spec.ts`,
    'libs/license-token/src/text/base32.spec.ts',
    'libs/license-token/src/text/crc32.spec.ts',
    'libs/license-token/src/claims/claim-shape.spec.ts',
  ],
  faults: [
    ...inFile('libs/license-token/src/judge.ts', [
      ['asks for no seat', '(asksForSeat ? refusedBySeat(claims, activation, seat) : null) ??', ''],
      ['asks an admission for a seat', 'evidence, now, false)', 'evidence, now, true)'],
      [
        'asks for a seat before the end',
        `(isExpired(claims, now) ? 'EXPIRED' : null) ??
    (asksForSeat ? refusedBySeat(claims, activation, seat) : null) ??`,
        `(asksForSeat ? refusedBySeat(claims, activation, seat) : null) ??
    (isExpired(claims, now) ? 'EXPIRED' : null) ??`,
      ],
      ['never warns of overage', "if (seat?.over === true) warnings.push('SEAT_OVERAGE');", ''],
      ['hides the seat', 'activation: seat,', 'activation: null,'],
    ]),
    ...inFile(`${HERE}/seat-evidence.ts`, [
      ['keeps a lease a moment too long', 'now < lease_ends_at ?', 'now <= lease_ends_at ?'],
      [
        'keeps every lease for a clock that has no time',
        'now < lease_ends_at ?',
        '!(now >= lease_ends_at) ?',
      ],
      ['keeps what has ended', ' || seat.ended) return null;', ') return null;'],
      ['ends seats without a lease', 'lease_ends_at === null ||', 'lease_ends_at !== null &&'],
      ['asks where seats are only counted', 'seats?.required !== true', 'seats === undefined'],
      [
        'says that an unknown one has ended',
        "if (seat === null) return 'ACTIVATION_REQUIRED';",
        "if (seat === null) return 'ACTIVATION_ENDED';",
      ],
    ]),
    ...inFile(`${HERE}/activation-token.ts`, [
      ['takes a token without a type', 'mayLackTyp: false', 'mayLackTyp: true'],
      ['takes a license', 'typ: ACTIVATION_TYPE', "typ: 'JWT'"],
      ['takes any claims', 'if (broken !== null)', 'if (false)'],
      ['takes any signature', '(await verifySignature(parsed, key)) ?', 'true ?'],
    ]),
    ...inFile(`${HERE}/activation-claims.ts`, [
      ['takes a token that counts forever', 'exp: numericDate,', 'exp: optional(numericDate),'],
      [
        'takes a token of no installation',
        "fp: (value) => typeof value === 'string' && FINGERPRINT_DIGEST.test(value)",
        'fp: () => true',
      ],
      ['counts to the end of the second', 'Math.floor(facts.endsAt', 'Math.ceil(facts.endsAt'],
      ['is of the future for slow clocks', ' - CLOCK_TOLERANCE_S', ''],
      ['signs what breaks the rules', 'if (broken !== null) throw', 'if (false) throw'],
      ['leaves the nonce out', '...(nonce !== null && { nonce }),', ''],
    ]),
    ...inFile(`${HERE}/offline-seat.ts`, [
      ['takes what no key proves', "(await proofByKeySet(parsed, keySet, now)) !== 'holds'", 'false'],
      ['takes what a compromised key signed', ") !== 'holds'", ") === 'signature_invalid'"],
      ['takes any issuer', 'if (!acceptedIssuers.includes(claims.iss)) return INVALID;', ''],
      [
        'takes the seat of another license',
        'if (claims.sub.toLowerCase() !== license.jti.toLowerCase()) return INVALID;',
        '',
      ],
      [
        'takes the seat of another installation',
        'if (claims.fp !== (await activationFingerprint(license.jti, shown.fingerprint))) return MISMATCH;',
        '',
      ],
      [
        'takes the answer to another request',
        'if (claims.nonce !== undefined && claims.nonce !== shown.nonce) return MISMATCH;',
        '',
      ],
      [
        'asks for a nonce where the token has none',
        'claims.nonce !== undefined && claims.nonce !== shown.nonce',
        'claims.nonce !== shown.nonce',
      ],
      [
        'gives leave by a token that was fetched',
        'mayLackLists: claims.nonce !== undefined && ',
        'mayLackLists: ',
      ],
      ['gives leave by a file that has ended', ' && liveSeat(seat, now) !== null,', ','],
      ['reads no list of activations', 'ended: isListedEnded(claims, list, now),', 'ended: false,'],
      ['keeps a suspended activation', " || listed === 'suspended';", ';'],
      ['forgets with its list that a file was ended', 'claims.nonce === undefined ?', 'true ?'],
      ['reads expired lists of fetched tokens', 'claims.nonce === undefined ?', 'false ?'],
    ]),
    ...inFile('libs/license-token/src/offline.ts', [
      [
        'forgets with its list that a license was revoked',
        'if (!mayLackLists && !(now.getTime() < end))',
        'if (!(now.getTime() < end))',
      ],
      ['reads expired lists without leave', 'if (!mayLackLists && !(now.getTime() < end))', 'if (false)'],
      ['knows no leave', "if (mayLackLists) return { record: 'offline', revocation: 'stale' };", ''],
      ['is fresh too long', 'now < list.fresh_until', 'now <= list.fresh_until'],
      ['is fresh by what a list does not say', " || listed === 'unknown')", ')'],
    ]),
    ...inFile(`${HERE}/activation-fingerprint.ts`, [
      ['is the same for each license', '${licenseId.toLowerCase()}:', ''],
      ['depends on the case of the license id', 'licenseId.toLowerCase()', 'licenseId'],
      ['takes control characters', '\\p{Cc}', ''],
      ['takes what is not shown', '\\p{Cf}', ''],
      ['takes 256 characters', '{1,255}', '{1,256}'],
    ]),
    ...inFile(`${HERE}/offline-request.ts`, [
      [
        'takes mistyped requests',
        'if (numbers.getUint32(CHECKSUM) !== crc32(bytes.subarray(0, CHECKSUM)))',
        'if (false)',
      ],
      ['takes any version', 'if (bytes[0] !== VERSION)', 'if (false)'],
      [
        'judges the version of a mistyped request',
        'numbers.getUint32(CHECKSUM) !== crc32(bytes.subarray(0, CHECKSUM))',
        'bytes[0] === VERSION && numbers.getUint32(CHECKSUM) !== crc32(bytes.subarray(0, CHECKSUM))',
      ],
      ['counts characters from 0', 'at + 1', 'at'],
      ['looks at texts of any length', 'if (typed.length > MAX_TYPED)', 'if (false)'],
      ['has one nonce', 'globalThis.crypto.getRandomValues(new Uint8Array(8))', 'new Uint8Array(8)'],
      ['writes times that do not fit', ' || second > MAX_SECOND', ''],
    ]),
    ...inFile(`${HERE}/offline-file.ts`, [
      ['takes any format', 'if (format !== OFFLINE_FILE_FORMAT)', 'if (false)'],
      ['takes any number of lists', ' || status_lists.length > MAX_LISTS', ''],
    ]),
    ...inFile('libs/license-token/src/text/base32.ts', [
      ['takes O for a letter', "O: '0', ", ''],
      ['takes L for a letter', ", L: '1'", ''],
      [
        'reads letters that look alike',
        'replace(/[a-z]/g, (letter) => letter.toUpperCase())',
        'toUpperCase()',
      ],
      ['takes U for a symbol', 'STVWXYZ', 'STUVWXYZ'],
    ]),
    ...inFile('libs/license-token/src/claims/claim-shape.ts', [
      ['reads seats of any mode', 'SEAT_MODES.includes(value as SeatMode)', 'value !== undefined'],
      [
        'reads seats that may be required',
        "required: (value) => typeof value === 'boolean'",
        "required: optional((value) => typeof value === 'boolean')",
      ],
    ]),
  ],
};
