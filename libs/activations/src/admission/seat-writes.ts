import { type AuditEntry, AuditLog } from '@aegis/audit';
import { PreparedStatement, sentTogether } from '@aegis/database';
import type { ActivationPlaces, StatusPlace } from '@aegis/status-lists';
import type { EntityManager } from 'typeorm';
import {
  activationColumns,
  type HeldRow,
  lastsSecondsSql,
  renewedLeaseSql,
  tokenEndSql,
} from '../activation-rows';
import type { SeatMode } from '@aegis/license-token';
import type { SeatAccount } from './decide-seat';
import { SeatDays } from './seat-days';

/** For how long leases and tokens of a license last now. */
interface Lengths {
  readonly leaseSeconds: number;
  readonly offlineDays: number;
}

/** An activation that is admitted. */
export interface NewActivation extends Lengths {
  readonly id: string;
  readonly licenseId: string;
  readonly fp: Buffer;
  readonly name: string | null;
  readonly mode: SeatMode;
  readonly over: boolean;
  readonly fence: number;
  readonly now: Date;
  readonly leaseEndsAt: Date | null;
  /** The end of the offline file that it is admitted for; null: it gets none. */
  readonly offlineUntil: Date | null;
}

/** A live activation whose fingerprint asks again. */
export interface Renewal extends Lengths {
  readonly id: string;
  readonly now: Date;
  /** Null keeps the one that it has. */
  readonly name: string | null;
  /** The end of the offline file that it gets, which holds its seat from now on; null: it gets none. */
  readonly offlineUntil: Date | null;
}

/** Undefined: none is taken. One that the activation had already stays, and the taken one stays empty. */
type Place = StatusPlace | undefined;

const DAY_SECONDS = 86_400;
/** Where there is nothing to send. */
const none = Promise.resolve([]);

const INSERT = new PreparedStatement<Omit<HeldRow, 'lasts_seconds'>>(
  'activations-insert',
  `INSERT INTO activations AS a (id, license_id, fp, name, mode, over, fence, admitted_at, last_seen_at, lease_ends_at,
                                 offline_until, token_expires_at, status_list, status_index)
   SELECT id, license_id, fp, name, mode, over, fence, now, now, lease_ends_at, offline_until,
          coalesce(offline_until, ${tokenEndSql('given', 'now', 'lease_ends_at', 'offline_days')}),
          status_list, status_index
   FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::text[], $5::text[], $6::boolean[], $7::bigint[],
               $8::timestamptz[], $9::timestamptz[], $10::integer[], $11::timestamptz[], $12::integer[],
               $13::integer[])
        AS given (id, license_id, fp, name, mode, over, fence, now, lease_ends_at, offline_days, offline_until,
                  status_list, status_index)
   RETURNING ${activationColumns('a')}, a.token_expires_at AS token_ends_at`,
);

/** One without an end of its lease stays without: it has to be ended. */
const LEASE = `CASE WHEN a.lease_ends_at IS NOT NULL
  THEN greatest(${renewedLeaseSql('a', 'given.now', 'given.lease_seconds')}, given.offline_until) END`;
const GIVEN_TOKEN_END = `coalesce(given.offline_until, ${tokenEndSql('a', 'given.now', LEASE, 'given.offline_days')})`;

const RENEW = new PreparedStatement<HeldRow>(
  'activations-renew',
  `UPDATE activations AS a
   SET last_seen_at = given.now, name = coalesce(given.name, a.name), lease_ends_at = ${LEASE},
       offline_until = greatest(a.offline_until, given.offline_until),
       token_expires_at = greatest(a.token_expires_at, ${GIVEN_TOKEN_END}),
       status_list = coalesce(a.status_list, given.status_list),
       status_index = coalesce(a.status_index, given.status_index)
   FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::integer[], $5::integer[], $6::timestamptz[],
               $7::integer[], $8::integer[])
        AS given (id, now, name, lease_seconds, offline_days, offline_until, status_list, status_index)
   WHERE a.id = given.id AND a.ended_at IS NULL
   RETURNING ${activationColumns('a')},
             coalesce(given.offline_until,
                      ${tokenEndSql('a', 'given.now', 'a.lease_ends_at', 'given.offline_days')}) AS token_ends_at,
             ${lastsSecondsSql('a', 'given.lease_seconds', 'given.offline_days')} AS lasts_seconds`,
);

const ACCOUNTS = new PreparedStatement(
  'seats-write',
  `UPDATE license_seats AS seats
   SET open = given.open, no_lapse_before = given.no_lapse_before, newcomers = given.newcomers,
       newcomers_fewer_at = given.newcomers_fewer_at, last_fence = given.last_fence,
       refusal_recorded_at = coalesce(given.refused_at, seats.refusal_recorded_at)
   FROM unnest($1::uuid[], $2::integer[], $3::timestamptz[], $4::integer[], $5::timestamptz[], $6::bigint[],
               $7::timestamptz[])
        AS given (license_id, open, no_lapse_before, newcomers, newcomers_fewer_at, last_fence, refused_at)
   WHERE seats.license_id = given.license_id`,
);

/** What decisions of one transaction write, gathered so that it takes few statements. */
export class SeatWrites {
  /** The rows that were written, by id, as they are now. */
  readonly rows = new Map<string, HeldRow>();
  readonly days = new SeatDays();
  private admitted: NewActivation[] = [];
  private renewals: Renewal[] = [];
  private records: AuditEntry[] = [];
  private readonly accounts = new Map<string, SeatAccount>();
  private readonly refusals = new Map<string, Date>();

  constructor(
    private readonly tx: EntityManager,
    private readonly audit: AuditLog,
    private readonly places: ActivationPlaces,
  ) {}

  admit(activation: NewActivation): void {
    this.admitted.push(activation);
  }

  renew(renewal: Renewal): void {
    this.renewals.push(renewal);
  }

  /** @param account of the license, as it is from now on; written by `finish` */
  keep(licenseId: string, account: SeatAccount): void {
    this.accounts.set(licenseId, account);
  }

  record(entry: AuditEntry): void {
    this.records.push(entry);
  }

  /** Notes that the license's first refusal for an hour is on record. Its account must be kept too. */
  noteRefusal(licenseId: string, now: Date): void {
    this.refusals.set(licenseId, now);
  }

  /** Writes activations and records that were gathered since the last time: statements that follow see them. */
  async flush(): Promise<void> {
    const { tx, admitted, renewals, records } = this;
    this.admitted = [];
    this.renewals = [];
    this.records = [];
    const places = await this.takePlaces(admitted, renewals);
    // Sent together: the connection hands them on without waiting, and the first that fails fails those behind it.
    const [inserted, renewed] = await sentTogether(
      admitted.length === 0 ? none : INSERT.run(tx, insertValues(admitted, places.ofAdmitted)),
      renewals.length === 0 ? none : RENEW.run(tx, renewalValues(renewals, places.ofRenewed)),
      records.length === 0 ? none : this.audit.append(tx, ...records),
    );
    const lasts = new Map(admitted.map((activation) => [activation.id, lastsSeconds(activation)]));
    for (const row of inserted) this.rows.set(row.id, { ...row, lasts_seconds: lasts.get(row.id) ?? 0 });
    for (const row of renewed) this.rows.set(row.id, row);
  }

  /**
   * Writes what is left, and the seat rows, once in the transaction: a second update of a row that refers to another one
   * makes PostgreSQL look for that one again, with a lock. It would lock the license after its seat row.
   */
  async finish(): Promise<void> {
    const accounts = [...this.accounts];
    // In the order in which they are sent: the others wait for their places first.
    await sentTogether(
      accounts.length === 0 ? none : ACCOUNTS.run(this.tx, accountValues(accounts, this.refusals)),
      this.days.flush(this.tx),
      this.flush(),
    );
  }

  /** Only tokens that count longer than a lease need one: those of fixed seats, and offline files. */
  private async takePlaces(
    admitted: readonly NewActivation[],
    renewals: readonly Renewal[],
  ): Promise<{ ofAdmitted: Place[]; ofRenewed: Place[] }> {
    const areAdmittedListed = admitted.map((one) => one.mode === 'fixed' || one.offlineUntil !== null);
    const areRenewedListed = renewals.map(({ offlineUntil }) => offlineUntil !== null);
    const listed = [...areAdmittedListed, ...areRenewedListed].filter(Boolean).length;
    const taken = await this.places.take(this.tx, listed);
    const placeOf = (isListed: boolean): Place => (isListed ? taken.shift() : undefined);
    return { ofAdmitted: areAdmittedListed.map(placeOf), ofRenewed: areRenewedListed.map(placeOf) };
  }
}

function lastsSeconds({ mode, leaseSeconds, offlineDays }: NewActivation): number {
  return mode === 'floating' ? leaseSeconds : offlineDays * DAY_SECONDS;
}

function insertValues(admitted: readonly NewActivation[], places: readonly Place[]): unknown[] {
  return [
    admitted.map(({ id }) => id),
    admitted.map(({ licenseId }) => licenseId),
    admitted.map(({ fp }) => fp),
    admitted.map(({ name }) => name),
    admitted.map(({ mode }) => mode),
    admitted.map(({ over }) => over),
    admitted.map(({ fence }) => fence),
    admitted.map(({ now }) => now),
    admitted.map(({ leaseEndsAt }) => leaseEndsAt),
    admitted.map(({ offlineDays }) => offlineDays),
    admitted.map(({ offlineUntil }) => offlineUntil),
    places.map((place) => place?.list ?? null),
    places.map((place) => place?.index ?? null),
  ];
}

function renewalValues(renewals: readonly Renewal[], places: readonly Place[]): unknown[] {
  return [
    renewals.map(({ id }) => id),
    renewals.map(({ now }) => now),
    renewals.map(({ name }) => name),
    renewals.map(({ leaseSeconds }) => leaseSeconds),
    renewals.map(({ offlineDays }) => offlineDays),
    renewals.map(({ offlineUntil }) => offlineUntil),
    places.map((place) => place?.list ?? null),
    places.map((place) => place?.index ?? null),
  ];
}

function accountValues(
  accounts: readonly (readonly [string, SeatAccount])[],
  refusals: ReadonlyMap<string, Date>,
): unknown[] {
  return [
    accounts.map(([licenseId]) => licenseId),
    accounts.map(([, { open }]) => open),
    accounts.map(([, { noLapseBefore }]) => noLapseBefore),
    accounts.map(([, { newcomers }]) => newcomers),
    accounts.map(([, { newcomersFewerAt }]) => newcomersFewerAt),
    accounts.map(([, { lastFence }]) => lastFence),
    accounts.map(([licenseId]) => refusals.get(licenseId) ?? null),
  ];
}
