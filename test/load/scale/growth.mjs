const MOST_P50_GROWTH = 1.3;
const MOST_P99_GROWTH = 2;
/** A page of any list takes at most so many times as long as reading one license. */
const MOST_OF_A_PAGE = 3;
const MOST_STATISTICS_MS = 50;
const MOST_READY_MS = 1500;

/**
 * @typedef {{ name: string, kind: 'single' | 'list', small: import('../load.mjs').Load, large: import('../load.mjs').Load }} Measured
 */

/**
 * How much more each operation takes on the large server: the ratio of its rounds' medians, and which targets it misses.
 * @param {readonly Measured[]} measured
 */
export function growthOf(measured) {
  const single = measured.find(({ name }) => name === 'read a license');
  return measured.map(({ name, kind, small, large }) => {
    const growth = { p50: large.p50 / small.p50, p99: large.p99 / small.p99 };
    const misses = [
      ...(growth.p50 < MOST_P50_GROWTH ? [] : [`p50 < ${MOST_P50_GROWTH} ×`]),
      ...(growth.p99 < MOST_P99_GROWTH ? [] : [`p99 < ${MOST_P99_GROWTH} ×`]),
      ...(kind !== 'list' || large.p99 < MOST_OF_A_PAGE * (single?.large.p99 ?? Number.NaN)
        ? []
        : [`p99 < ${MOST_OF_A_PAGE} × a license's`]),
      ...(name !== 'statistics' || large.p99 < MOST_STATISTICS_MS ? [] : [`p99 < ${MOST_STATISTICS_MS} ms`]),
    ];
    const times = ({ p50, p99 }) => ({ p50, p99 });
    return { name, small: times(small), large: times(large), growth, misses };
  });
}

/** @param {ReturnType<typeof growthOf>} report  @param {{ small: string, large: string, audit: string, sharedBuffers: string, readyMilliseconds: number }} about */
export function printGrowth(report, { small, large, audit, sharedBuffers, readyMilliseconds }) {
  const line = (/** @type {(string | number)[]} */ first, ...cells) =>
    String(first).padEnd(34) + cells.map((cell) => String(cell).padStart(9)).join('');
  const number = (/** @type {number} */ value) => value.toFixed(value < 10 ? 1 : 0);
  const lines = [
    `${small} and ${large} licenses, ${audit} audit records, shared_buffers ${sharedBuffers}; milliseconds`,
    '',
    line('', 'p50', 'p99', 'p50', 'p99', 'p50 ×', 'p99 ×'),
    ...report.map(
      ({ name, small: few, large: many, growth, misses }) =>
        line(
          name,
          ...[few.p50, few.p99, many.p50, many.p99].map(number),
          growth.p50.toFixed(2),
          growth.p99.toFixed(2),
        ) + (misses.length === 0 ? '' : `  NOT MET: ${misses.join(', ')}`),
    ),
    '',
    `Start to ready on the large database: ${Math.round(readyMilliseconds)} ms, wanted < ${MOST_READY_MS}: ${readyMilliseconds < MOST_READY_MS ? 'met' : 'NOT MET'}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
