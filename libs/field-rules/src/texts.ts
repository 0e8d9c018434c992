import { isEmail } from 'class-validator';

/** Rules for a text that people read. Lengths are in characters: code points, as PostgreSQL counts them. */
export interface TextRule {
  minLength: number;
  maxLength: number;
  /** LF and CR are part of the text. */
  lineBreaks?: boolean;
  /** The text is an e-mail address. */
  email?: boolean;
}

/** Control characters (Cc) and the two separators that Unicode has for lines and paragraphs. */
const CONTROLS = /[\p{Cc}\u2028\u2029]/u;
const CONTROLS_BUT_LINE_BREAKS = /(?![\r\n])\p{Cc}/u;

/**
 * Embeddings, overrides and isolates (UAX #9 section 2): they show a text in another order than it is stored in, and
 * reach beyond its end. The marks LRM, RLM and ALM, which do neither, are allowed.
 */
const DIRECTION = /[\u202a-\u202e\u2066-\u2069]/u;

/** White space, controls, what Unicode shows as nothing (such as zero-width spaces and fillers), the empty Braille cell. */
const INVISIBLE = /[\p{White_Space}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/gu;

export const CONTROLS_RULE = 'must not contain control characters or line breaks';
export const CONTROLS_BUT_LINE_BREAKS_RULE = 'must not contain control characters other than line breaks';
export const DIRECTION_RULE =
  'must not contain characters that override the direction of text (U+202A to U+202E, U+2066 to U+2069)';
export const VISIBLE_RULE = 'must contain a visible character';
export const EMAIL_RULE = 'must be an email';

/** No language stacks more marks; UAX #15 has the same limit (Stream-Safe Text Format). */
const MANY_MARKS = /\p{M}{31}/u;
export const MARKS_RULE = 'must not have more than 30 combining marks in a row';

/**
 * The form in which texts are stored and compared: NFC (UAX #15).
 * @returns the text as it is where it has too many marks in a row: sorting them takes time that grows with the square of
 * their number, and every rule refuses such a text
 */
export function normalText(text: string): string {
  return MANY_MARKS.test(text) ? text : text.normalize('NFC');
}

/**
 * Judges a text that people read.
 * @param text in its normal form (`normalText`)
 * @returns what is wrong with it, in words that begin with "must"; null when nothing is
 */
export function textProblem(text: string, rule: TextRule): string | null {
  return lengthProblem(text, rule) ?? contentProblem(text, rule);
}

/** The nearest text that keeps a rule, for imports: what they take can't be sent back to be corrected. */
export interface AdaptedText {
  /** Null where nothing visible is left, and of an e-mail address that is not one. */
  text: string | null;
  /** Characters were removed or replaced by spaces. */
  cleaned: boolean;
  /** The end was cut off. */
  cut: boolean;
}

/** Makes a text keep a rule: control characters become spaces, direction controls go, what is too long is cut. */
export function adaptText(given: string, rule: TextRule): AdaptedText {
  const normal = normalText(given);
  const problem = contentProblem(normal, rule);
  const clean = problem === null ? normal : cleaned(normal, rule);
  const characters = Array.from(clean);
  const cut = characters.length > rule.maxLength;
  // Part of an address would be another address.
  const text = cut && !rule.email ? characters.slice(0, rule.maxLength).join('').trimEnd() : clean;
  const isKept = textProblem(text, rule) === null;
  return { text: isKept ? text : null, cleaned: clean !== normal || (!isKept && !cut), cut };
}

function cleaned(text: string, { lineBreaks = false }: TextRule): string {
  const controls = lineBreaks ? /(?:(?![\r\n])\p{Cc})+/gu : /[\p{Cc}\u2028\u2029]+/gu;
  return normalText(
    text
      .replace(new RegExp(DIRECTION, 'gu'), '')
      .replace(controls, ' ')
      .replace(/(\p{M}{30})\p{M}+/gu, '$1')
      .trim(),
  );
}

function lengthProblem(text: string, { minLength, maxLength }: TextRule): string | null {
  // A text has no more code points than UTF-16 units.
  const length = text.length <= maxLength && minLength <= 1 ? text.length : Array.from(text).length;
  if (length >= minLength && length <= maxLength) return null;
  return `must have ${minLength} to ${maxLength} characters`;
}

function contentProblem(text: string, { lineBreaks = false, email = false }: TextRule): string | null {
  if (text.replace(INVISIBLE, '') === '') return VISIBLE_RULE;
  if ((lineBreaks ? CONTROLS_BUT_LINE_BREAKS : CONTROLS).test(text))
    return lineBreaks ? CONTROLS_BUT_LINE_BREAKS_RULE : CONTROLS_RULE;
  if (DIRECTION.test(text)) return DIRECTION_RULE;
  if (MANY_MARKS.test(text)) return MARKS_RULE;
  return email && !isEmail(text) ? EMAIL_RULE : null;
}
