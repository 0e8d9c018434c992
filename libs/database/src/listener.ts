import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions';
import { KEEP_ALIVE, SESSION_OPTIONS } from './connections/connection-options';

/** The first pause before a broken connection is opened again; each further failure doubles it. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
const PATIENCE_MS = 2000;

/** Called with what a channel says, and when it cannot be heard. */
export interface Hearing {
  /** The channel is heard from now on; what was said before was missed. */
  onHeard: () => void;
  /** Something was said. */
  onNotice: () => void;
  /** The connection is gone: what is said from now on is missed, until `onHeard`. */
  onLost: (error: unknown) => void;
}

/**
 * Listens on a channel of PostgreSQL (NOTIFY) with a separate connection, which it opens again until it succeeds.
 * Nothing may depend only on a notification: a lost one is never repeated.
 */
export class Listener {
  private client?: Client;
  private timer?: NodeJS.Timeout;
  private pauseMs = FIRST_PAUSE_MS;
  private stopped = false;

  /** @param channel an identifier, not quoted */
  constructor(
    private readonly dataSource: DataSource,
    private readonly channel: string,
    private readonly hearing: Hearing,
  ) {}

  start(): void {
    void this.connect();
  }

  /** Makes sure that the connection is alive: a peer that vanished says nothing. */
  async probe(): Promise<void> {
    const { client } = this;
    if (client === undefined) return;
    await client.query('SELECT').catch((error: unknown) => {
      this.lose(client, error);
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    const { client } = this;
    this.client = undefined;
    await client?.end().catch(() => undefined);
  }

  private async connect(): Promise<void> {
    const { url } = this.dataSource.options as PostgresDataSourceOptions;
    const client = new Client({
      connectionString: url,
      application_name: 'aegis listener',
      options: SESSION_OPTIONS,
      connectionTimeoutMillis: PATIENCE_MS,
      query_timeout: PATIENCE_MS,
      ...KEEP_ALIVE,
    });
    // Without a handler the error of a broken connection would end the process.
    client.on('error', (error) => {
      this.lose(client, error);
    });
    client.on('end', () => {
      this.lose(client, new Error('the connection has ended'));
    });
    client.on('notification', () => {
      if (this.client === client) this.hearing.onNotice();
    });
    this.client = client;
    try {
      await client.connect();
      await client.query(`LISTEN ${this.channel}`);
    } catch (error) {
      this.lose(client, error);
      return;
    }
    if (this.client !== client) return;
    this.pauseMs = FIRST_PAUSE_MS;
    this.hearing.onHeard();
  }

  /** Once per connection, no matter what shows first that it is gone. */
  private lose(client: Client, error: unknown): void {
    if (this.client !== client) return;
    this.client = undefined;
    void client.end().catch(() => undefined);
    this.hearing.onLost(error);
    if (this.stopped) return;
    this.timer = setTimeout(() => void this.connect(), this.pauseMs).unref();
    this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
  }
}
