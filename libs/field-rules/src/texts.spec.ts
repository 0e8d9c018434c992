import fc from 'fast-check';
import { CUSTOMER_TEXTS, LICENSE_TEXTS, brokenTexts } from './fields';
import { adaptText, normalText, textProblem } from './texts';

const NAME = CUSTOMER_TEXTS.name;
const NOTES = CUSTOMER_TEXTS.notes;
const RULES = [...Object.values(CUSTOMER_TEXTS), ...Object.values(LICENSE_TEXTS)];

/** What shows nothing, alone or together. */
const INVISIBLE: [what: string, text: string][] = [
  ['nothing', ''],
  ['spaces', '   '],
  ['a no-break space', '\u00a0'],
  ['an ideographic space', '\u3000'],
  ['zero-width spaces', '\u200b\u200b'],
  ['a zero-width joiner', '\u200d'],
  ['a word joiner', '\u2060'],
  ['a byte order mark', '\ufeff'],
  ['a soft hyphen', '\u00ad'],
  ['a Hangul filler', '\u3164'],
  ['a half-width Hangul filler', '\uffa0'],
  ['an empty Braille cell', '\u2800'],
  ['a variation selector', '\ufe0f'],
  ['tags', '\u{e0041}\u{e007f}'],
  ['marks of direction', '\u200e\u200f\u061c'],
];

const DIRECTION = ['\u202a', '\u202b', '\u202c', '\u202d', '\u202e', '\u2066', '\u2067', '\u2068', '\u2069'];

describe('a text that people read', () => {
  it.each([
    'Acme Corporation',
    '山田太郎',
    'شركة الأمل',
    'נוגה \u200fבע״מ',
    '🦉👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿',
    '🦉'.repeat(200),
    'é'.repeat(200),
    'می\u200cخواهم',
    '\\u0000',
    '"; DROP TABLE customers; --',
    '=1+1',
    '\ufffe',
  ])('may be %j', (text) => {
    expect(textProblem(text, NAME)).toBeNull();
  });

  it.each(INVISIBLE)('is refused when it is %s', (_, text) => {
    for (const rule of RULES) expect(textProblem(text, rule)).not.toBeNull();
  });

  it('is refused with any control character, except for line breaks in notes', () => {
    const controls = Array.from({ length: 0xa0 }, (_, code) => String.fromCharCode(code)).filter((one) =>
      /\p{Cc}/u.test(one),
    );
    expect(controls).toHaveLength(65);
    for (const control of controls) {
      expect([control, textProblem(`a${control}b`, NAME)]).toEqual([
        control,
        'must not contain control characters or line breaks',
      ]);
      expect([control, textProblem(`a${control}b`, NOTES)]).toEqual([
        control,
        control === '\n' || control === '\r'
          ? null
          : 'must not contain control characters other than line breaks',
      ]);
    }
    for (const separator of ['\u2028', '\u2029']) {
      expect(textProblem(`a${separator}b`, NAME)).not.toBeNull();
      expect(textProblem(`a${separator}b`, NOTES)).toBeNull();
    }
  });

  it.each(DIRECTION)('is refused with %j, which overrides the direction of what follows', (character) => {
    for (const rule of [NAME, NOTES]) expect(textProblem(`a${character}b`, rule)).toMatch(/direction/);
  });

  it('is measured in characters of its normal form', () => {
    expect(textProblem('🦉'.repeat(201), NAME)).toBe('must have 1 to 200 characters');
    expect(textProblem(normalText('e\u0301'.repeat(200)), NAME)).toBeNull();
  });

  it.each([
    ['a@b', false],
    ['@acme.example', false],
    ['a@x.example; b@x.example', false],
    ['n/a', false],
    ['licenses@acme.example', true],
    ['müller@bücher.example', true],
  ])('as an e-mail address: %s', (text, holds) => {
    expect(textProblem(text, CUSTOMER_TEXTS.email) === null).toBe(holds);
  });
});

describe('an imported text', () => {
  const anyText = fc.string({ unit: 'binary', maxLength: 700 });

  it('follows the rule after it is adapted, or is empty', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom(...RULES), (given, rule) => {
        const { text } = adaptText(given, rule);
        if (text !== null) expect(textProblem(text, rule)).toBeNull();
      }),
      { numRuns: 1000 },
    );
  });

  it('is not changed when it follows the rule, except for its normal form', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom(...RULES), (given, rule) => {
        fc.pre(textProblem(normalText(given), rule) === null);
        expect(adaptText(given, rule)).toEqual({ text: normalText(given), cleaned: false, cut: false });
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['Acme, Inc.\r\nKinshasa', 'Acme, Inc. Kinshasa'],
    ['\u202egnirts\u202c', 'gnirts'],
    [' a\u0000b\t', 'a b'],
    [' \u200b ', null],
  ])('%j becomes %j', (given, text) => {
    expect(adaptText(given, NAME)).toEqual({ text, cleaned: true, cut: false });
  });

  it('is cut after so many characters', () => {
    expect(adaptText('🦉'.repeat(201), NAME)).toEqual({ text: '🦉'.repeat(200), cleaned: false, cut: true });
    const address = `a@${'mail.'.repeat(60)}example`;
    expect(adaptText(address, CUSTOMER_TEXTS.email)).toMatchObject({ text: null });
  });
});

describe('many combining marks in a row', () => {
  /** Marks of two classes, which sorting would have to exchange one by one. */
  const marks = (count: number): string => `a${'\u0301'.repeat(count / 2)}${'\u0323'.repeat(count / 2)}`;

  it('are refused from 31 on', () => {
    expect(textProblem(normalText(marks(30)), NOTES)).toBeNull();
    expect(textProblem(normalText(marks(32)), NOTES)).toBe(
      'must not have more than 30 combining marks in a row',
    );
  });

  it('are not sorted: a text that has them stays as it is', () => {
    const text = marks(30_000);
    expect(normalText(text)).toBe(text);
  });

  it('are cut to 30 where a text is adapted', () => {
    expect(adaptText(marks(40), NOTES)).toMatchObject({ cleaned: true, cut: false });
    expect(textProblem(adaptText(marks(40), NOTES).text!, NOTES)).toBeNull();
  });
});

describe('a change of texts', () => {
  it('is judged by its new values alone', () => {
    const stored = { name: 'a\u0007b', email: 'n/a', company: 'e\u0301\u0007', notes: null };
    expect(brokenTexts(CUSTOMER_TEXTS, stored, stored)).toEqual([]);
    expect(brokenTexts(CUSTOMER_TEXTS, { company: '\u00e9\u0007' }, stored)).toEqual([]);
    expect(brokenTexts(CUSTOMER_TEXTS, { ...stored, email: 'none', notes: '\t' }, stored)).toEqual([
      { field: 'email', message: 'must be an email' },
      { field: 'notes', message: 'must contain a visible character' },
    ]);
  });
});
