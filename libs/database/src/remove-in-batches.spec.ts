import { REMOVAL_BATCH, type Removal, removeInBatches } from './remove-in-batches';

describe('removal in batches', () => {
  /** Removes some of so many rows, as long as a number of batches is not over. */
  async function removal(
    rows: number,
    batches = Infinity,
  ): Promise<Removal & { left: number; asked: number }> {
    let [left, asked] = [rows, 0];
    const removed = await removeInBatches(
      () => ++asked <= batches,
      () => {
        const batch = Math.min(left, REMOVAL_BATCH);
        left -= batch;
        return Promise.resolve(batch);
      },
      () => Promise.resolve(left),
    );
    return { ...removed, left, asked };
  }

  it.each([0, 1, REMOVAL_BATCH, REMOVAL_BATCH + 1, 3 * REMOVAL_BATCH])(
    'removes all of %d rows, and says how many',
    async (rows) => {
      expect(await removal(rows)).toMatchObject({ removed: rows, complete: true, left: 0 });
    },
  );

  it('asks before each batch whether it may remove more, and says that rows are left', async () => {
    expect(await removal(3 * REMOVAL_BATCH, 2)).toEqual({
      removed: 2 * REMOVAL_BATCH,
      complete: false,
      left: REMOVAL_BATCH,
      asked: 3,
    });
    expect(await removal(5, 0)).toMatchObject({ removed: 0, complete: false });
  });

  it('says that none is left where the last batch was the last that it may remove', async () => {
    expect(await removal(2 * REMOVAL_BATCH, 2)).toMatchObject({ removed: 2 * REMOVAL_BATCH, complete: true });
    expect(await removal(0, 0)).toMatchObject({ removed: 0, complete: true });
  });
});
