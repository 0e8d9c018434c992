import { inFile } from './fault.mjs';

/** Rules of texts and times, by themselves. */
export const rules = {
  area: 'rules of fields',
  suites: ['libs/field-rules/src/texts.spec.ts', 'libs/field-rules/src/moments.spec.ts'],
  faults: [
    ...inFile('libs/field-rules/src/moments.ts', [
      ['takes times after 9999 in UTC', ' && time <= LAST_MOMENT', ''],
      ['takes times before the year 1 in UTC', 'time >= FIRST_MOMENT && ', ''],
      ['takes 30 February', 'if (midnight.getUTCMonth() !== month - 1) return null;', ''],
      ['calls every refused time unreadable', 'isMoment(moment) ? null : MOMENT_RULE', 'TIMESTAMP_RULE'],
    ]),
    ...inFile('libs/field-rules/src/texts.ts', [
      ['takes blank texts', "if (text.replace(INVISIBLE, '') === '') return VISIBLE_RULE;", ''],
      ['takes zero-width characters for visible', '\\p{Default_Ignorable_Code_Point}', ''],
      ['takes an empty Braille cell for visible', '\\u2800', ''],
      [
        'takes line breaks in names',
        '/[\\p{Cc}\\u2028\\u2029]/u;',
        '/(?![\\r\\n])[\\p{Cc}\\u2028\\u2029]/u;',
      ],
      ['takes control characters in notes', '/(?![\\r\\n])\\p{Cc}/u;', '/(?!)/u;'],
      ['takes overrides of direction', 'if (DIRECTION.test(text)) return DIRECTION_RULE;', ''],
      ['takes isolates', '\\u2066-\\u2069]/u;', ']/u;'],
      ['takes any e-mail address', 'return email && !isEmail(text) ? EMAIL_RULE : null;', 'return null;'],
      ['cuts an address to another one', 'cut && !rule.email ?', 'cut ?'],
      [
        'does not compose texts',
        "return MANY_MARKS.test(text) ? text : text.normalize('NFC');",
        'return text;',
      ],
    ]),
    ...inFile('libs/field-rules/src/fields.ts', [
      [
        'judges again what is stored already',
        "(typeof before === 'string' && normalText(before) === normalText(text))",
        'false',
      ],
    ]),
  ],
};

/** The same where they are applied. */
export const applied = {
  area: 'rules of fields, applied',
  suites: ['test/e2e/input/moments.spec.ts', 'test/e2e/input/texts.spec.ts'],
  faults: [
    ...inFile('libs/licensing/src/issue/license-term.ts', [
      ['renews beyond 9999', 'if (!isMoment(end))', 'if (Number.isNaN(end.getTime()))'],
    ]),
    ...inFile('libs/http/src/input/readable-text.ts', [
      ['stores texts as they were typed', "typeof value === 'string' ? normalText(value) : value", 'value'],
      [
        'judges no new text',
        'validate: (value: unknown) => problem(value) === null,',
        'validate: () => true,',
      ],
    ]),
    ...inFile('libs/http/src/input/input-fields.ts', [
      ['says nothing of a bare plus', 'meant !== value && parseTimestamp(meant) !== null', 'meant === value'],
    ]),
    ...inFile('libs/customers/src/customers.service.ts', [
      ['stores any changed text of a customer', 'brokenTexts(CUSTOMER_TEXTS, input, customer)', '[]'],
      [
        'warns of deleted customers',
        ' AND deleted_at IS NULL\n   ORDER BY given.position',
        '\n   ORDER BY given.position',
      ],
    ]),
    ...inFile('libs/licensing/src/issue/licensing.service.ts', [
      ['stores any changed notes', 'brokenTexts(LICENSE_TEXTS, { notes }, license)', '[]'],
    ]),
    ...inFile('libs/api-keys/src/api-keys.service.ts', [
      ['stores any changed text of a key', 'brokenTexts(API_KEY_TEXTS, changes, apiKey)', '[]'],
    ]),
    ...inFile('libs/licensing/src/validate/domain-warnings.ts', [
      ['does not warn of a port', "[/:\\d*(\\/|$)/.test(rest), 'has a port'],", ''],
    ]),
  ],
};
