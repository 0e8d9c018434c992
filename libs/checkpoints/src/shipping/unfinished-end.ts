import type { DataSource } from 'typeorm';
import { compareWithTrail } from './in-trail';
import { isGivenUp, readLosses } from './known-checkpoints';
import type { SealedRecord } from './shipped-record';

/** Records that are compared at once. */
const AT_ONCE = 200;

/**
 * The first record behind the last checkpoint of a sink that the trail does not have, and that no accepted loss explains.
 * After a crash all of them are there: they are shipped after they were sealed.
 * @param after number of that checkpoint
 * @param last number of the last checkpoint of the trail
 * @returns its id; undefined if the trail has all of them
 */
export async function firstLost(
  dataSource: DataSource,
  records: AsyncIterable<SealedRecord>,
  { after, last }: { after: number; last: number },
): Promise<string | undefined> {
  const losses = await readLosses(dataSource);
  let waiting: SealedRecord[] = [];
  const lostIn = async (part: readonly SealedRecord[]): Promise<string | undefined> => {
    const states = part.length === 0 ? [] : await compareWithTrail(dataSource, part);
    return part.find(({ fields }, index) => {
      const at = Date.parse(fields.recorded_at) / 1000;
      return states[index] !== 'here' && !isGivenUp(losses, { after, at }, last);
    })?.fields.id;
  };
  for await (const record of records) {
    waiting.push(record);
    if (waiting.length < AT_ONCE) continue;
    const lost = await lostIn(waiting);
    if (lost !== undefined) return lost;
    waiting = [];
  }
  return lostIn(waiting);
}
