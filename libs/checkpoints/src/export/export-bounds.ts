/**
 * Most characters of a leaf that is exported: several times the length of any record that the server writes, whose
 * data have at most 64 KiB, with each character escaped.
 */
const MOST_LEAF = 512 * 1024;

/**
 * Most characters of a line of an export: a leaf, in which each character may become 6 (`\u0085`), and the record that
 * was read from it. Anyone can write a line, and to read it costs many times its length.
 */
export const MOST_LINE = 16 * MOST_LEAF;

/** Whether a record has so much text that its line of an export could be too long to be read. */
export function isTooLongToExport(leaf: string): boolean {
  return leaf.length > MOST_LEAF;
}
