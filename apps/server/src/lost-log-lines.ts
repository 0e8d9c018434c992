import type { Logger } from '@aegis/logging';
import type { Metrics } from '@aegis/metrics';

/** Makes a metric of the lines that a log did not take: the log itself cannot say so. */
export function countLostLogLines(metrics: Metrics, logger: Logger): void {
  metrics.counter({
    name: 'aegis_log_lines_lost_total',
    help: 'Log lines that could not be written.',
    collect() {
      this.reset();
      this.inc(logger.lostLines);
    },
  });
}
