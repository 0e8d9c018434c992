/** The items of a list, each once. */
export interface Distinct<Item> {
  /** In the order in which they come first. */
  items: Item[];
  /** For each place of the list, the index of its item. */
  positions: number[];
}

/**
 * Finds the equal items of a list.
 * @param keyOf a text that is the same only for equal items
 */
export function distinct<Item>(list: readonly Item[], keyOf: (item: Item) => string): Distinct<Item> {
  const known = new Map<string, number>();
  const items: Item[] = [];
  const positions = list.map((item) => {
    const key = keyOf(item);
    const position = known.get(key);
    if (position !== undefined) return position;
    known.set(key, items.length);
    return items.push(item) - 1;
  });
  return { items, positions };
}
