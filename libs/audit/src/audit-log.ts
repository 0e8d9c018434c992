import {
  isDatabaseUnavailable,
  isRefusedForRestore,
  PreparedStatement,
  RestoreNotReconciled,
  sqlState,
  SqlState,
} from '@aegis/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Actor } from './actor';
import { AuditLogUnavailable } from './audit.errors';
import type { EventType } from './event-types';

/** A record to append. `data` names changed fields and codes, never personal values. */
export interface AuditEntry {
  type: EventType;
  actor: Actor;
  licenseId?: string;
  customerId?: string;
  moduleName?: string;
  data?: Readonly<Record<string, unknown>>;
  /** When it happened, for imported records. */
  occurredAt?: Date;
}

const USER_AGENT_LENGTH = 500;

const INSERT = new PreparedStatement(
  'audit-append',
  `INSERT INTO audit_logs (event_type, license_id, customer_id, module_name, api_key_id, actor, ip_address,
                           user_agent, request_id, event_data, occurred_at)
   SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::inet[],
                        $8::text[], $9::text[], $10::jsonb[], $11::timestamptz[])`,
);

/** Appends to the audit trail. */
@Injectable()
export class AuditLog {
  /**
   * Appends records in one statement, in the transaction of the change that they speak of.
   * @param tx that transaction: no change without its record, no record without its change
   * @throws AuditLogUnavailable when they can't be written, RestoreNotReconciled until the restored database is reconciled;
   * the transaction is to end with nothing done
   */
  async append(tx: EntityManager, ...entries: readonly AuditEntry[]): Promise<void> {
    const written = INSERT.run(tx, [
      entries.map(({ type }) => type),
      entries.map(({ licenseId }) => licenseId ?? null),
      entries.map(({ customerId }) => customerId ?? null),
      entries.map(({ moduleName }) => moduleName ?? null),
      entries.map(({ actor }) => actor.apiKeyId),
      entries.map(({ actor }) => actor.name),
      entries.map(({ actor }) => actor.ipAddress),
      entries.map(({ actor }) => actor.userAgent?.slice(0, USER_AGENT_LENGTH) ?? null),
      entries.map(({ actor }) => actor.requestId),
      entries.map(({ data, actor: { sessionId } }) =>
        JSON.stringify(sessionId === undefined ? (data ?? {}) : { ...data, session_id: sessionId }),
      ),
      entries.map(({ occurredAt }) => occurredAt ?? null),
    ]);
    await written.catch((error: unknown) => {
      if (isRefusedForRestore(error)) throw new RestoreNotReconciled({ cause: error });
      // Errors after which a repetition may succeed are not wrapped.
      throw mayPass(error) ? error : new AuditLogUnavailable(error);
    });
  }
}

function mayPass(error: unknown): boolean {
  const state = sqlState(error);
  return (
    isDatabaseUnavailable(error) ||
    state === SqlState.serializationFailure ||
    state === SqlState.deadlockDetected
  );
}
