/**
 * Measures two works in turns, a few calls each, so that what else the machine does meets both. It runs in Node and in
 * pages: it needs only a clock.
 * @param {() => unknown} raw  @param {() => unknown} whole
 * @param {{ rounds: number, calls: number, warmUp: number }} size rounds that count, calls of each in a round, rounds before
 * @returns {Promise<{ raw: number, whole: number, ratio: number, leastRatio: number }>} microseconds of one call (medians);
 * the median of the rounds' ratios; and the ratio of the shortest rounds of both, which a busy machine changes least
 */
export async function measurePairs(raw, whole, { rounds, calls, warmUp }) {
  /** @param {() => unknown} work */
  const timed = async (work) => {
    const startedAt = performance.now();
    for (let call = 0; call < calls; call++) await work();
    return ((performance.now() - startedAt) / calls) * 1000;
  };
  /** @param {number[]} values */
  const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
  const [raws, wholes, ratios] = [[], [], []];
  for (let round = -warmUp; round < rounds; round++) {
    // Each is first in every other round: a scheduler's time slice may end after about as long as a round takes.
    const isRawFirst = round % 2 === 0;
    const first = await timed(isRawFirst ? raw : whole);
    const second = await timed(isRawFirst ? whole : raw);
    const [ofRaw, ofWhole] = isRawFirst ? [first, second] : [second, first];
    if (round < 0) continue;
    raws.push(ofRaw);
    wholes.push(ofWhole);
    ratios.push(ofRaw / ofWhole);
  }
  const leastRatio = Math.min(...raws) / Math.min(...wholes);
  return { raw: median(raws), whole: median(wholes), ratio: median(ratios), leastRatio };
}
