import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { checkpointHash } from '../checkpoint';
import type { AcknowledgedCheckpoint, CheckpointSink, ShippedCheckpoint } from './checkpoint-sink';

const PATIENCE_MS = 5000;
/** Longer than one delivery takes. */
const LEASE = '15 seconds';

/**
 * Posts `{"checkpoints": [{"number", "jws", "records"}…]}`; any 2xx says that all of them are kept. One process ships
 * at a time: it holds a lease, without an open transaction. Others take the lease over when it has expired, or when it
 * would last longer than a lease can, because then the database's clock was ahead.
 */
export class HttpSink implements CheckpointSink {
  private readonly process = randomUUID();

  /** @param url without credentials; `token` goes along as Bearer */
  constructor(
    private readonly dataSource: DataSource,
    private readonly url: string,
    private readonly token: string | undefined,
  ) {}

  async acknowledged(): Promise<{ last: AcknowledgedCheckpoint | undefined; mine: boolean }> {
    await this.dataSource.query('INSERT INTO audit_shipments (sink) VALUES ($1) ON CONFLICT DO NOTHING', [
      this.url,
    ]);
    await this.dataSource.query(
      `UPDATE audit_shipments SET leased_by = $2, leased_until = clock_timestamp() + $3::interval
       WHERE sink = $1 AND (leased_by = $2 OR leased_until IS NULL
         OR leased_until NOT BETWEEN clock_timestamp() AND clock_timestamp() + $3::interval)`,
      [this.url, this.process, LEASE],
    );
    const [row] = await this.dataSource.query<(AcknowledgedCheckpoint & { leased_by: string })[]>(
      `SELECT acknowledged::float8 AS number, acknowledged_hash AS hash, leased_by
       FROM audit_shipments WHERE sink = $1`,
      [this.url],
    );
    const last = row && row.number > 0 ? { number: row.number, hash: row.hash } : undefined;
    return { last, mine: row?.leased_by === this.process };
  }

  async append(checkpoints: readonly ShippedCheckpoint[]): Promise<void> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        ...(this.token !== undefined && { Authorization: `Bearer ${this.token}` }),
      },
      body: JSON.stringify({ checkpoints }),
      // The credential must not follow to another place.
      redirect: 'manual',
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`The checkpoint sink answered ${response.status}.`);
    const last = checkpoints.at(-1);
    if (last === undefined) return;
    // Another process that has the lease by now knows better.
    await this.dataSource.query(
      `UPDATE audit_shipments SET acknowledged = $2, acknowledged_hash = $3 WHERE sink = $1 AND leased_by = $4`,
      [this.url, last.number, checkpointHash(last.jws), this.process],
    );
  }
}
