import { duration } from './duration';
import type { PartRule } from './health-part';

const LAST_SUCCESS = 'aegis_job_last_success_seconds';
const STARTED = 'process_start_time_seconds';

/** Without a success for so long, in seconds, a job has stopped; as AegisJobStopped in config/prometheus. */
const USUAL_S = 60;
const RARE_S: Readonly<Record<string, number>> = {
  'audit-addresses': 3 * 3600,
  'audit-partitions': 3 * 86_400,
  'ended-activations': 3 * 3600,
  'event-retention': 3 * 3600,
  'expired-answers': 3 * 3600,
  'expired-sessions': 3 * 3600,
  'webhook-retention': 3 * 3600,
};

/** Background work of this process. */
export const JOBS_PART: PartRule = {
  name: 'jobs',
  metrics: [LAST_SUCCESS, STARTED],
  look: (readings, now) => {
    const started = readings.value(STARTED) ?? 0;
    return readings.all(LAST_SUCCESS).flatMap(({ labels: { job = '' }, value }) => {
      const since = now - Math.max(value, started);
      if (since <= (RARE_S[job] ?? USUAL_S)) return [];
      return [
        { alarm: 'AegisJobStopped', message: `The job ${job} has not succeeded for ${duration(since)}.` },
      ];
    });
  },
};
