import { shownData } from '@aegis/audit';
import { PreparedStatement, transaction } from '@aegis/database';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { EventSource } from '../catalogue/fields';
import { eventId } from './event-id';
import { type EventContent, eventOfRecord } from './event-of-record';

/** Events of one transaction: each record has up to 64 KiB. */
const AT_ONCE = 200;

const WAITING = new PreparedStatement<{ waiting: boolean }>(
  'events-waiting',
  'SELECT EXISTS (SELECT FROM event_outbox) AS waiting',
);

/** Whoever has the lock gives places; others leave it to them. */
const HOLD = new PreparedStatement<{ last: string }>(
  'events-hold',
  'SELECT last FROM event_positions FOR NO KEY UPDATE SKIP LOCKED',
);

const TAKE = new PreparedStatement<EventSource>(
  'events-take',
  `WITH first AS (SELECT record_id, recorded_at FROM event_outbox ORDER BY record_id, recorded_at LIMIT $1),
        taken AS (DELETE FROM event_outbox AS noted USING first
                  WHERE noted.record_id = first.record_id AND noted.recorded_at = first.recorded_at
                  RETURNING noted.record_id, noted.recorded_at)
   SELECT record.id::text AS id, record.recorded_at, record.occurred_at, record.event_type, record.license_id,
          record.customer_id, record.module_name, ${shownData('record.event_data')} AS event_data
   FROM taken
   JOIN audit_logs AS record ON record.id = taken.record_id AND record.recorded_at = taken.recorded_at
   ORDER BY record.id, record.recorded_at`,
);

const INSERT = new PreparedStatement(
  'events-insert',
  `INSERT INTO events (position, id, type, license_id, customer_id, module_name, record_id, occurred_at, data)
   SELECT $1::bigint + place, id, type, license_id, customer_id, module_name, record_id, occurred_at, data
   FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::bigint[], $8::timestamptz[], $9::jsonb[])
        WITH ORDINALITY AS given (id, type, license_id, customer_id, module_name, record_id, occurred_at, data, place)`,
);

const ADVANCE = new PreparedStatement(
  'events-advance',
  'UPDATE event_positions SET last = last + $1::integer',
);

/**
 * Makes events of the records in the outbox, and gives each its place in the order of all events, without gaps. A record
 * that is committed late gets a later place: nobody who has read up to a place has missed an event before it.
 */
@Injectable()
export class EventSequencer {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Gives places until nothing waits, or another process does it.
   * @param goesOn asked before each transaction
   * @returns how many events got a place
   */
  async run(goesOn: () => boolean = () => true): Promise<number> {
    let events = 0;
    while (goesOn() && (await this.isWaiting())) {
      const done = await transaction(this.dataSource, (tx) => this.sequence(tx));
      if (done === undefined) break;
      events += done;
    }
    return events;
  }

  private async isWaiting(): Promise<boolean> {
    const [row] = await WAITING.run(this.dataSource, []);
    return row?.waiting === true;
  }

  /** @returns how many events got a place; undefined where another process gives places */
  private async sequence(tx: EntityManager): Promise<number | undefined> {
    const [held] = await HOLD.run(tx, []);
    if (held === undefined) return undefined;
    const events = (await TAKE.run(tx, [AT_ONCE])).flatMap((source) => {
      const content = eventOfRecord(source);
      return content === undefined ? [] : [{ source, content }];
    });
    if (events.length === 0) return 0;
    await INSERT.run(tx, [held.last, ...columnsOf(events)]);
    await ADVANCE.run(tx, [events.length]);
    return events.length;
  }
}

/** An event with the record that it was made of. */
interface MadeEvent {
  source: EventSource;
  content: EventContent;
}

/** Values of INSERT, a list for each column. */
function columnsOf(events: readonly MadeEvent[]): unknown[] {
  return [
    events.map(({ source }) => eventId(source.id, source.recorded_at)),
    events.map(({ content }) => content.type),
    events.map(({ source }) => source.license_id),
    events.map(({ source }) => source.customer_id),
    events.map(({ source }) => source.module_name),
    events.map(({ source }) => source.id),
    events.map(({ content }) => content.occurredAt),
    events.map(({ content }) => JSON.stringify(content.data)),
  ];
}
