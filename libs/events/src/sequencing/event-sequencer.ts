import { shownData } from '@aegis/audit';
import { PreparedStatement, transaction } from '@aegis/database';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { EventName } from '../catalogue/event-kinds';
import type { EventSource } from '../catalogue/fields';
import { eventId } from './event-id';
import { type EventContent, eventOfRecord, SOURCE_TYPES } from './event-of-record';

/** Events of one transaction: each record has up to 64 KiB. */
const AT_ONCE = 200;
/** After a failure so many times fewer: records of 64 KiB may be too many for the time that a statement has. */
const FEWER = 4;

const WAITING = new PreparedStatement<{ waiting: boolean }>(
  'events-waiting',
  'SELECT EXISTS (SELECT FROM event_outbox) AS waiting',
);

/** One process at a time gives places. */
const HOLD = new PreparedStatement<{ held: boolean }>('events-hold', 'SELECT events_hold() AS held');

/** Records of types that only a newer server knows are left to it. */
const FIRST = new PreparedStatement<EventSource>(
  'events-first',
  `SELECT record.id::text AS id, record.recorded_at, record.occurred_at, record.event_type, record.license_id,
          record.customer_id, record.module_name, ${shownData('record.event_data')} AS event_data
   FROM event_outbox AS noted
   JOIN audit_logs AS record ON record.id = noted.record_id AND record.recorded_at = noted.recorded_at
   WHERE record.event_type = ANY ($1)
   ORDER BY noted.record_id, noted.recorded_at
   LIMIT $2`,
);

const APPEND = new PreparedStatement(
  'events-append',
  'SELECT events_append($1::bigint[], $2::timestamptz[], $3::uuid[], $4::text[], $5::timestamptz[], $6::jsonb[])',
);

/**
 * Makes events of the records in the outbox, and gives each its place in the order of all events, without gaps. A record
 * that is committed late gets a later place: nobody who has read up to a place has missed an event before it.
 */
@Injectable()
export class EventSequencer {
  private atOnce = AT_ONCE;

  constructor(private readonly dataSource: DataSource) {}

  /**
   * Gives places until nothing waits, or another process does it.
   * @param goesOn asked before each transaction
   * @param placed called after each transaction, with the types of the events that got their places
   * @returns how many events got a place
   */
  async run(
    goesOn: () => boolean = () => true,
    placed: (types: readonly EventName[]) => void = () => undefined,
  ): Promise<number> {
    let events = 0;
    while (goesOn() && (await this.isWaiting())) {
      const most = this.atOnce;
      this.atOnce = Math.max(1, Math.floor(most / FEWER));
      const types = await transaction(this.dataSource, (tx) => this.sequence(tx, most));
      this.atOnce = Math.min(AT_ONCE, most * 2);
      placed(types);
      events += types.length;
      if (types.length < most) break;
    }
    return events;
  }

  private async isWaiting(): Promise<boolean> {
    const [row] = await WAITING.run(this.dataSource, []);
    return row?.waiting === true;
  }

  /** @returns types of the events that got a place; none where another process gives places */
  private async sequence(tx: EntityManager, most: number): Promise<EventName[]> {
    const [lock] = await HOLD.run(tx, []);
    if (lock?.held !== true) return [];
    const sources = await FIRST.run(tx, [SOURCE_TYPES, most]);
    const contents = sources.map(eventOfRecord);
    if (sources.length > 0) await APPEND.run(tx, columnsOf(sources, contents));
    return contents.map(({ type }) => type);
  }
}

/** Arguments of events_append, a list for each. */
function columnsOf(sources: readonly EventSource[], contents: readonly EventContent[]): unknown[] {
  return [
    sources.map(({ id }) => id),
    sources.map(({ recorded_at }) => recorded_at),
    sources.map(({ id, recorded_at }) => eventId(id, recorded_at)),
    contents.map(({ type }) => type),
    contents.map(({ occurredAt }) => occurredAt),
    contents.map(({ data }) => JSON.stringify(data)),
  ];
}
