import { RESTORE, type RowRule } from './row-rules';

/** So far sequences leap when a restored database is reconciled. */
const LEAP = 1_000_000_000;

/** What deliveries of webhooks must not contradict. */
export const WEBHOOK_RULES: readonly RowRule[] = [
  {
    message: 'deliveries whose event is missing, although it is to be kept',
    remedy: RESTORE,
    broken: `
      SELECT d.id::text AS id FROM webhook_deliveries AS d
      WHERE d.position > (SELECT forgotten FROM event_positions)
        AND NOT EXISTS (SELECT FROM events AS e WHERE e.position = d.position)`,
  },
  {
    message: 'webhooks whose sequences have gaps: receivers see events missing',
    remedy: RESTORE,
    broken: `
      SELECT DISTINCT endpoint_id::text AS id FROM (
        SELECT endpoint_id, sequence - lag(sequence) OVER (PARTITION BY endpoint_id ORDER BY sequence) AS step
        FROM webhook_deliveries) AS steps
      WHERE step BETWEEN 2 AND ${LEAP}`,
  },
  {
    message: 'webhooks whose next sequence was given already, or that have none: they get no events',
    remedy: RESTORE,
    broken: `
      SELECT w.id::text AS id FROM webhook_endpoints AS w
      LEFT JOIN webhook_progress AS p ON p.endpoint_id = w.id
      WHERE w.deleted_at IS NULL AND (p.endpoint_id IS NULL OR EXISTS (
        SELECT FROM webhook_deliveries AS d WHERE d.endpoint_id = w.id AND d.sequence > p.sequence))`,
  },
  {
    // A server that ended meanwhile leaves some open, for the next one to end within some ten minutes.
    message: 'deliveries that wait although their webhook was disabled more than an hour ago',
    remedy: 'Disable the webhook again: enable it, then disable it.',
    broken: `
      SELECT d.id::text AS id FROM webhook_deliveries AS d
      JOIN webhook_endpoints AS w ON w.id = d.endpoint_id
      WHERE d.state = 'pending' AND NOT w.is_active AND w.deleted_at IS NULL
        AND w.disabled_at < now() - interval '1 hour'`,
  },
];
