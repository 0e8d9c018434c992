import { SqlState } from '@aegis/database';
import { Client } from 'pg';
import type { TestServer } from '../processes/server';
import { until } from '../until';

/** A connection of the test's own to a server's database, past the server and its role's limits. */
export async function superuserOf({ database }: Pick<TestServer, 'database'>): Promise<Client> {
  const client = new Client({ connectionString: database.superuserUrl });
  await client.connect();
  return client;
}

/**
 * Changes a table that a server uses. Such a change locks the table and then its partitions, and what the server does
 * meanwhile may have locked them in another order: PostgreSQL then ends one of the two, and the test does its own again.
 */
export async function changeTable(sql: Client, change: string): Promise<void> {
  await until('the change is not the victim of a deadlock', async () => {
    try {
      await sql.query(change);
      return true;
    } catch (error) {
      if ((error as { code?: unknown }).code !== SqlState.deadlockDetected) throw error;
      return false;
    }
  });
}

/** Waits until so many statements of the server wait for locks of others. */
export function untilBlocked(sql: Client, count = 1): Promise<void> {
  return until(`${count} statement(s) wait for a lock`, async () => {
    const { rows } = await sql.query<{ waiting: number }>(
      `SELECT count(*)::int AS waiting FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'aegis' AND wait_event_type = 'Lock'`,
    );
    return rows[0]!.waiting >= count;
  });
}
