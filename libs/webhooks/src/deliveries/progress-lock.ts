import { lockByIdSql, PreparedStatement } from '@aegis/database';

/** The progress of an endpoint is locked before its deliveries are ended: webhooks_fan_out adds none meanwhile. */
export const LOCK_PROGRESS = new PreparedStatement(
  'webhooks-lock-progress',
  lockByIdSql({
    columns: 'endpoint_id',
    table: 'webhook_progress',
    key: 'endpoint_id',
    strength: 'NO KEY UPDATE',
  }),
);
