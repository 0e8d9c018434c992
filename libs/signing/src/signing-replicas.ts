import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

/** A process that says nothing for so long is dead. */
const ALIVE_SECONDS = 15;

/** A server process, and with which keys it says that it can sign. */
export interface SigningReplica {
  id: string;
  /** `<host>:<process id>`. */
  name: string;
  kids: string[];
  seen_at: Date;
}

/** What the server processes on one database say of the keys they can sign with. */
@Injectable()
export class SigningReplicas {
  constructor(private readonly dataSource: DataSource) {}

  /** Says that a process lives and what it can sign with; to be repeated every few seconds. */
  async report({ id, name, kids }: Omit<SigningReplica, 'seen_at'>): Promise<void> {
    await this.dataSource.query(
      `INSERT INTO signing_replicas (id, name, kids) VALUES ($1, $2, $3)
       ON CONFLICT (id) DO UPDATE SET kids = excluded.kids, seen_at = clock_timestamp()`,
      [id, name, kids],
    );
  }

  /** Says that a process ends, and clears away those that died without a word. */
  async leave(id: string): Promise<void> {
    await this.dataSource.query(
      `DELETE FROM signing_replicas WHERE id = $1 OR seen_at < clock_timestamp() - interval '1 hour'`,
      [id],
    );
  }

  /** The processes that live, by name. */
  live(tx: EntityManager = this.dataSource.manager): Promise<SigningReplica[]> {
    return tx.query<SigningReplica[]>(
      `SELECT id, name, kids, seen_at FROM signing_replicas
       WHERE seen_at > clock_timestamp() - make_interval(secs => $1) ORDER BY name, id`,
      [ALIVE_SECONDS],
    );
  }
}
