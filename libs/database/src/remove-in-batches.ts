/** Rows that one transaction of `removeInBatches` removes at most: short ones delay nobody. */
export const REMOVAL_BATCH = 1000;

/** How many rows were removed, and whether none is left that is due. */
export interface Removal {
  removed: number;
  complete: boolean;
}

/**
 * Removes rows in short transactions, until none is left that is due.
 * @param goesOn whether to remove more, asked before each batch
 * @param removeBatch removes up to `REMOVAL_BATCH` rows, and returns how many
 * @param countLeft counts the rows that are due; asked only where `goesOn` ended it
 */
export async function removeInBatches(
  goesOn: () => boolean,
  removeBatch: () => Promise<number>,
  countLeft: () => Promise<number>,
): Promise<Removal> {
  let removed = 0;
  while (goesOn()) {
    const batch = await removeBatch();
    if (batch === 0) return { removed, complete: true };
    removed += batch;
  }
  return { removed, complete: (await countLeft()) === 0 };
}
