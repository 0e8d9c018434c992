import type { Environment } from '@aegis/config';
import { Entity, VirtualColumn } from 'typeorm';
import { jwkThumbprint, KEY_SET_SECONDS } from '../jws/jwks';
import { SigningKey, stateSince } from '../ring/signing-key.entity';
import { LIVES_SQL, MOST_REPLICAS } from '../ring/signing-replicas';
import { type NextStep, nextSteps } from './next-steps';

/** Licenses of a key are counted up to here; beyond, they are estimated from the statistics of the planner. */
const COUNTED_LICENSES = 200;

/** In the order of the index on the key, or the planner may read the table until it has met enough of them. */
const countedLicenses = (key: string): string => `
  SELECT count(*)::integer FROM (
    SELECT FROM licenses WHERE licenses.key_id = ${key}.kid
    ORDER BY licenses.created_at, licenses.id LIMIT ${COUNTED_LICENSES + 1}) AS few`;

/** Null while the table was not analysed, and of a key that signed few. */
const estimatedLicenses = (key: string): string => `
  SELECT round(class.reltuples * common.share)::float8
  FROM pg_catalog.pg_class AS class
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
  JOIN pg_catalog.pg_stats AS stats ON stats.schemaname = namespace.nspname AND stats.tablename = class.relname
  CROSS JOIN unnest(stats.most_common_vals::text::text[], stats.most_common_freqs) AS common (value, share)
  WHERE class.oid = 'licenses'::regclass AND stats.attname = 'key_id' AND common.value = ${key}.kid`;

const ofServers = (value: string): string => `
  SELECT ${value} FROM (SELECT kids, seen_at FROM signing_replicas WHERE ${LIVES_SQL} LIMIT ${MOST_REPLICAS}) AS live`;

/** A signing key with all that people ask of it: licenses, servers, and what to do next. Only read. */
@Entity('signing_keys')
export class ListedKey extends SigningKey {
  @VirtualColumn({ type: 'integer', query: countedLicenses })
  counted_licenses!: number;

  @VirtualColumn({ type: 'float8', query: estimatedLicenses })
  estimated_licenses!: number | null;

  @VirtualColumn({ type: 'integer', query: () => ofServers('count(*)::integer') })
  servers_alive!: number;

  @VirtualColumn({
    type: 'integer',
    query: (key) => ofServers(`count(*) FILTER (WHERE ${key}.kid = ANY (kids))::integer`),
  })
  servers_holding!: number;

  /** All servers that live have reported since. */
  @VirtualColumn({ type: 'timestamptz', query: () => ofServers('min(seen_at)') })
  servers_reported_at!: Date | null;

  @VirtualColumn({
    type: 'boolean',
    query: (key) => `SELECT clock_timestamp() >= ${key}.created_at + interval '${KEY_SET_SECONDS} seconds'`,
  })
  clients_know!: boolean;

  @VirtualColumn({
    type: 'boolean',
    query: () => `SELECT EXISTS (SELECT FROM signing_keys AS other WHERE other.state = 'active')`,
  })
  has_active!: boolean;

  /** What the process that answers signs with; null where it does not have the key. Parameters of the query. */
  @VirtualColumn({
    type: 'text',
    query: (key) =>
      `SELECT CASE WHEN ${key}.kid = ANY (CAST(:heldKids AS text[])) THEN CAST(:signer AS text) END`,
  })
  signer!: Environment['SIGNER'] | null;

  get since(): Date {
    return stateSince(this);
  }

  get thumbprint(): string {
    return jwkThumbprint(this.public_key);
  }

  /** From then on, clients that keep a key set have one with this key in it. */
  get clients_know_at(): Date {
    return new Date(this.created_at.getTime() + KEY_SET_SECONDS * 1000);
  }

  /** Licenses whose newest token it signed. */
  get licenses(): number {
    return this.licenses_is_estimate
      ? Math.max(this.counted_licenses, this.estimated_licenses ?? 0)
      : this.counted_licenses;
  }

  get licenses_is_estimate(): boolean {
    return this.counted_licenses > COUNTED_LICENSES;
  }

  get next_steps(): NextStep[] {
    return nextSteps(this);
  }
}
