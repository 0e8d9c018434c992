/** Longer texts are cut where they are kept and where they are searched for: an index holds entries of a bounded length. */
const BEGINNING_LENGTH = 200;
/** How many words of a text, from the first on, can be found by their beginnings. */
const WORDS_OF_A_TEXT = 20;

/**
 * A text without what people leave out when they search: case, accents, forms of the same letter, width of spaces.
 * What begins another text begins it too when both are folded.
 */
export function fold(text: string): string {
  const plain = text.normalize('NFKD');
  // By way of capitals: those of "ß" are "SS". A sigma has another form at the end of a word.
  const lower = plain.toLowerCase().toUpperCase().toLowerCase().replaceAll('ς', 'σ');
  return lower
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
}

/**
 * What is kept of texts so that they are found by the beginnings of their words: from each word on the rest of its text,
 * folded. A word begins after a space, and where a letter or a digit follows something else.
 * @param texts of one row
 * @returns different ones; of each text at most 20, of at most 200 characters each
 */
export function foldedBeginnings(texts: readonly (string | null | undefined)[]): string[] {
  return [...new Set(texts.flatMap((text) => beginningsOf(Array.from(fold(text ?? '')))))];
}

function beginningsOf(characters: readonly string[]): string[] {
  const starts = characters.flatMap((character, index) =>
    beginsWord(characters[index - 1] ?? ' ', character) ? [index] : [],
  );
  return starts.slice(0, WORDS_OF_A_TEXT).map((start) => cut(characters.slice(start)));
}

function beginsWord(before: string, character: string): boolean {
  return character !== ' ' && (before === ' ' || (isOfWord(character) && !isOfWord(before)));
}

function isOfWord(character: string): boolean {
  return /[\p{L}\p{N}]/u.test(character);
}

function cut(characters: readonly string[]): string {
  return characters.slice(0, BEGINNING_LENGTH).join('');
}

/**
 * The LIKE pattern of what `foldedBeginnings` keeps of texts with a word that begins with a text.
 * @param text as the caller wrote it; has no wildcards. One without a visible character is found nowhere.
 */
export function beginningPattern(text: string): string {
  const folded = cut(Array.from(fold(text)));
  return folded === '' ? '' : `${withoutWildcards(folded)}%`;
}

/** Escapes a text so that LIKE finds no wildcard in it. */
export function withoutWildcards(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
