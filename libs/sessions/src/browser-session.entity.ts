import type { Scope } from '@aegis/access';
import { momentsCheck } from '@aegis/database';
import { Check, Column, Entity, Index, PrimaryColumn, Unique, VirtualColumn } from 'typeorm';
import { LONGEST_PAUSE } from './session-times';

function ofKey(column: string): (session: string) => string {
  return (session) =>
    `SELECT api_key.${column} FROM api_keys AS api_key WHERE api_key.id = ${session}.api_key_id`;
}

/** What a browser has in place of an API key. A session that ended has no row. */
@Entity('sessions')
@Check('sessions_token_hash_length', `octet_length(token_hash) = 32`)
@Check('sessions_api_key_id_length', `octet_length(api_key_id) <= 12`)
@Check('sessions_longest', `expires_at <= created_at + interval '12 hours'`)
@Check('sessions_moments', momentsCheck('created_at', 'expires_at', 'last_used_at'))
@Unique('sessions_token_hash_key', ['token_hash'])
@Index('sessions_by_key', ['api_key_id', 'created_at', 'id'])
@Index('sessions_by_creation', ['created_at', 'id'])
export class BrowserSession {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  /** HMAC-SHA256 of the cookie's value, under a pepper. Read by the authentication alone. */
  @Column({ type: 'bytea', select: false })
  token_hash!: Buffer;

  /** The key that opened it, and ends it. */
  @Column({ type: 'text' })
  api_key_id!: string;

  @Column({ type: 'timestamptz', precision: 3, default: () => 'clock_timestamp()' })
  created_at!: Date;

  /** At the latest 12 hours after its creation, and with its key. */
  @Column({ type: 'timestamptz', precision: 3 })
  expires_at!: Date;

  /** Trails by about a minute. */
  @Column({ type: 'timestamptz', precision: 3 })
  last_used_at!: Date;

  /** When it ends unless it is used before. */
  @VirtualColumn({
    type: 'timestamptz',
    query: (session) => `SELECT least(${session}.expires_at, ${session}.last_used_at + ${LONGEST_PAUSE})`,
  })
  idle_expires_at!: Date;

  @VirtualColumn({ type: 'text', query: ofKey('name') })
  key_name!: string;

  @VirtualColumn({ type: 'text', query: ofKey('prefix') })
  key_prefix!: string;

  /** The scopes that its key has now. */
  @VirtualColumn({ type: 'text', query: ofKey('scopes') })
  scopes!: Scope[];

  get api_key(): { id: string; name: string; prefix: string } {
    return { id: this.api_key_id, name: this.key_name, prefix: this.key_prefix };
  }
}
