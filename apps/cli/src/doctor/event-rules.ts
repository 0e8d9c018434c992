import { eventIdSql, eventTypeSql, SOURCE_TYPES } from '@aegis/events';
import { RESTORE, type RowRule } from './row-rules';

const TYPES = SOURCE_TYPES.map((type) => `'${type}'`).join(', ');

/** What events must not contradict. */
export const EVENT_RULES: readonly RowRule[] = [
  {
    message: 'audit records that have waited for more than 10 minutes to become events',
    remedy: 'Start a server. If one runs, its log says why the job event-sequencing fails.',
    broken: `SELECT record_id::text AS id FROM event_outbox WHERE recorded_at < clock_timestamp() - interval '10 minutes'`,
  },
  {
    // Of records from before the first event that is kept, the events were removed, or never made.
    message: 'audit records of changes that made no event',
    remedy: RESTORE,
    broken: `
      SELECT a.id::text AS id FROM audit_logs AS a
      WHERE a.recorded_at > (SELECT numbered_at FROM events ORDER BY position LIMIT 1)
        AND a.event_type IN (${TYPES})
        AND NOT (a.event_data ? 'imported_from') AND a.event_data ->> 'by' IS DISTINCT FROM 'import'
        AND NOT EXISTS (SELECT FROM events AS e WHERE e.record_id = a.id)
        AND NOT EXISTS (SELECT FROM event_outbox AS o WHERE o.record_id = a.id)`,
  },
  {
    // The server's role decides what an event says. Its record is in the trail.
    message: 'events that have not the id, type, time or record that their audit records give them',
    remedy:
      'Find out who has used the password of the server’s role. Readers should take the audit records for true.',
    broken: `
      SELECT e.position::text AS id FROM events AS e JOIN audit_logs AS a ON a.id = e.record_id
      WHERE e.id <> ${eventIdSql('a')} OR e.type <> ${eventTypeSql('a')}
        OR e.occurred_at <> coalesce(a.occurred_at, a.recorded_at)
        OR e.data ->> 'audit_log_id' IS DISTINCT FROM a.id::text`,
  },
];
