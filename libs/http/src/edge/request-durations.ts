import { DURATION_BUCKETS, type Metrics } from '@aegis/metrics';

/** The caller chooses the method: any other than these would be one more series. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/**
 * Measures a request that has ended.
 * @param route the pattern that matched, e.g. `/api/v1/licenses/:id`, never a path; undefined when none did
 * @param status of the answer; undefined when the caller left before there was one
 */
export type MeasureRequest = (
  method: string,
  route: string | undefined,
  status: number | undefined,
  seconds: number,
) => void;

export function requestDurations(metrics: Metrics): MeasureRequest {
  const durations = metrics.histogram({
    name: 'aegis_http_request_duration_seconds',
    help: 'Time from the head of a request to the end of its answer, by method, route pattern and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: DURATION_BUCKETS,
  });
  return (method, route, status, seconds) => {
    durations.observe(
      {
        method: METHODS.has(method) ? method : 'other',
        route: route ?? 'unmatched',
        status: status ?? 'aborted',
      },
      seconds,
    );
  };
}
