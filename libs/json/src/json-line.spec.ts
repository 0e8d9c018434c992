import { jsonLine, escapeControls } from './json-line';

/** Every character of the Basic Multilingual Plane but surrogates, and some beyond it. */
const CHARACTERS = [
  ...Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).filter(
    (character) => !/[\ud800-\udfff]/.test(character),
  ),
  '🦊',
  '\u{e0001}',
];

describe('a line of JSON', () => {
  it('is read back unchanged, no matter which characters are in it', () => {
    const value = { [CHARACTERS.join('')]: CHARACTERS };
    expect(JSON.parse(jsonLine(value))).toEqual(value);
  });

  it('has no character that ends a line, drives a terminal or turns the direction of text', () => {
    const line = jsonLine({ text: CHARACTERS.join('') });
    expect(line).not.toMatch(/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u);
  });

  it('leaves other characters as they are', () => {
    expect(jsonLine({ name: 'Zoë 🦊 שלום \u00a0' })).toBe('{"name":"Zoë 🦊 שלום \u00a0"}');
  });
});

it('controls in a text are spelled out', () => {
  expect(escapeControls('a\nb\u001b[31m\u009b\u2028\u202e')).toBe(
    'a\\u000ab\\u001b[31m\\u009b\\u2028\\u202e',
  );
});
