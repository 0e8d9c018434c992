import type { Metrics } from '@aegis/metrics';

/** What asks the database in batches, as `aegis_batch_size` names it. */
export type BatchName = 'api_keys' | 'sessions' | 'validations';

/** @returns what measures the sizes of a batch */
export function batchSizes(metrics: Metrics, batch: BatchName): (size: number) => void {
  const sizes = metrics.histogram({
    name: 'aegis_batch_size',
    help: 'Requests that one batch of statements answered.',
    labelNames: ['batch'],
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
  });
  return (size) => {
    sizes.observe({ batch }, size);
  };
}
