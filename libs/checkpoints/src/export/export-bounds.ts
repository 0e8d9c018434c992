/**
 * Characters that a leaf may have to be exported: several times what a record has that the server writes, whose data
 * have at most 64 KiB, each character escaped.
 */
const MOST_LEAF = 512 * 1024;

/**
 * Characters that a line of an export has at most: a leaf, in which each character may become one of 6 (`\u0085`), and
 * the record read from it. Anyone can write a line, and what it costs to read is many times its length.
 */
export const MOST_LINE = 16 * MOST_LEAF;

/** Whether a record has so much text that its line of an export could be too long to be read. */
export function isTooLongToExport(leaf: string): boolean {
  return leaf.length > MOST_LEAF;
}
