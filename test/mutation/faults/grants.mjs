import { inFile } from './fault.mjs';

export default {
  area: 'entitlements and grace',
  suites: [
    'libs/license-token/src/claims/entitlements.spec.ts',
    'libs/license-token/src/claims/claim-shape.spec.ts',
    'libs/license-token/src/entitlement-of.spec.ts',
    'libs/json/src/parse-json.spec.ts',
    'libs/licensing/src/issue/license-claims.spec.ts',
    'libs/statistics/src/statistics.spec.ts',
    'test/e2e/licenses/entitlements.spec.ts',
    'test/e2e/licenses/grace.spec.ts',
  ],
  faults: [
    ...inFile('libs/license-token/src/entitlement-of.ts', [
      ['grants what every object inherits', 'Object.hasOwn(entitlements, code)', 'code in entitlements'],
      ['grants by a license that is not valid', 'return valid &&', 'return'],
    ]),
    ...inFile('libs/license-token/src/claims/entitlements.ts', [
      ['takes 101 entries', 'entries.length > MAX_ENTITLEMENTS', 'entries.length > MAX_ENTITLEMENTS + 1'],
      [
        'counts characters for bytes',
        'new TextEncoder().encode(JSON.stringify(value)).length',
        'JSON.stringify(value).length',
      ],
      ['takes 2,049 bytes', '> MAX_ENTITLEMENTS_BYTES)', '> MAX_ENTITLEMENTS_BYTES + 1)'],
      ['takes any code', 'entries.some(([code]) => !ENTITLEMENT_CODE.test(code))', 'false'],
      ['takes 2^53', 'Number.isSafeInteger(value) && value >= 0', 'Number.isInteger(value) && value >= 0'],
      ['takes numbers below 0', 'Number.isSafeInteger(value) && value >= 0', 'Number.isSafeInteger(value)'],
      ['takes texts that cannot be stored', 'text(value) && hasAtMost', 'hasAtMost'],
      ['counts units for characters', ' || Array.from(value).length <= characters', ''],
      ['answers in another order than it reads', 'one.length - other.length || ', ''],
      ['leaves tokens that allow a higher number', 'return now < granted;', 'return false;'],
      ['leaves tokens that allow another text', 'granted !== false && now !== granted', 'now === undefined'],
      ['withdraws tokens of which nothing is missing', 'granted !== false && now', 'now'],
    ]),
    ...inFile('libs/license-token/src/claims/claim-shape.ts', [
      [
        'reads a perpetual license with grace',
        "members.grace_days === undefined || members.grace_days === 0 ? null : 'grace_days'",
        'null',
      ],
      ['reads grace without bounds', 'Number(value) <= MAX_GRACE_DAYS', 'true'],
      ['reads entitlements of any form', 'brokenEntitlementRules(value).length === 0', 'value !== undefined'],
    ]),
    ...inFile('libs/json/src/parse-json.ts', [
      [
        'refuses codes that every object inherits',
        '(!isFree && RESERVED_NAMES.has(name)) ||',
        'RESERVED_NAMES.has(name) ||',
      ],
      [
        'takes reserved names anywhere within',
        '!list && freeNames.has(name),',
        'isFree || (!list && freeNames.has(name)),',
      ],
      [
        'takes reserved names wherever a member has the name of a field that takes them',
        'escapes,\n      NO_NAMES,',
        'escapes,\n      freeNames,',
      ],
    ]),
    ...inFile('libs/licensing/src/issue/license-claims.ts', [
      ['names grace in tokens without it', 'facts.graceDays > 0 &&', 'true &&'],
      [
        'names entitlements in tokens without them',
        'Object.keys(facts.entitlements).length > 0 &&',
        'true &&',
      ],
    ]),
    ...inFile('libs/licensing/src/issue/license-term.ts', [
      ['gives grace to a perpetual license', 'if (expiresAt === null && days > 0)', 'if (false)'],
    ]),
    ...inFile('libs/licensing/src/renew/token-replacement.ts', [
      ['renews from now while in grace', 'now.getTime() < graceEnd ? end : now', 'now < end ? end : now'],
      ['renews from the end after grace', 'now.getTime() < graceEnd ? end : now', 'end'],
      ['renews into the past', 'if (renewed <= now)', 'if (false)'],
      ['prolongs to a time in the past', 'wholeSecond <= now || wholeSecond <= end', 'wholeSecond <= end'],
      ['leaves tokens that allow more', 'takesAway(license.entitlements, entitlements) ||', ''],
      ['leaves tokens with more grace', 'graceDays < license.grace_days ||', 'false ||'],
      ['lets older tokens outlive the license', 'endOfGrace(expiresAt, graceDays) < before', 'false'],
      ['withdraws older tokens of every renewal', 'endOfGrace(expiresAt, graceDays) < before', 'true'],
    ]),
    ...inFile('libs/statistics/src/statistics.service.ts', [
      ['counts what is in grace as expired', 'ended - inGrace + counted', 'ended + counted'],
      ['counts grace that ended today as active', ' + counted.grace_ended_today', ''],
      ['counts what begins grace today as expired', ' AND grace_days = 0)', ')'],
      ['forgets that ends of today have come', '-\n    counted.ended_today;', '-\n    0;'],
    ]),
  ],
};
