import { PreparedStatement } from '@aegis/database';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { EVENT_API_VERSION, type EventName } from '../catalogue/event-kinds';
import { publicEventId } from '../sequencing/event-id';
import { EventsExpired, PositionUnknown } from './events.errors';

/** Events that one page looks through at most, however few of a type it finds. */
const LOOKED_THROUGH = 10_000;
/** Of the `data` of a page: one event has up to 80 KiB. */
export const MOST_BYTES = 4 * 1024 * 1024;

/** Which events are asked for. */
export interface EventQuestion {
  /** Those with a greater position. */
  after: number;
  /** So many at most. */
  limit: number;
  /** Only of these types; of all unless given. */
  types?: readonly string[];
}

/** An event as callers see it. */
export interface PlacedEvent {
  id: string;
  position: number;
  type: EventName;
  timestamp: Date;
  api_version: typeof EVENT_API_VERSION;
  data: Readonly<Record<string, unknown>>;
}

/** Events in the order of their positions. */
export interface EventPage {
  events: PlacedEvent[];
  /** Up to here events were looked through: what to ask for next. */
  last_position: number;
  /** Whether there are later ones, of any type. */
  has_more: boolean;
}

interface PageRow {
  last: number;
  forgotten: number;
  /** Position of the last that was looked through, where there are more; null otherwise. */
  horizon: number | null;
  /** How many were found, with those for which the page has no room. */
  found: number;
  /** Null where none was found. */
  position: number | null;
  id: string;
  type: EventName;
  occurred_at: Date;
  data: Readonly<Record<string, unknown>>;
}

/** Walks the primary key, no further than its place ends; only a filter can make that far. */
const PAGE = new PreparedStatement<PageRow>(
  'events-page',
  `WITH found AS (
     SELECT position, id, type, occurred_at, data FROM (
       SELECT position, id, type, occurred_at, data FROM events
       WHERE position > $1::bigint ORDER BY position LIMIT ${LOOKED_THROUGH}) AS looked_through
     WHERE $3::text[] IS NULL OR type = ANY ($3::text[])
     ORDER BY position LIMIT $2::integer),
   measured AS (
     SELECT position, id, type, occurred_at, data, count(*) OVER () AS found,
            sum(octet_length(data::text)) OVER before AS bytes, row_number() OVER before AS number
     FROM found WINDOW before AS (ORDER BY position ROWS UNBOUNDED PRECEDING))
   SELECT place.last::float8 AS last, place.forgotten::float8 AS forgotten,
          CASE WHEN $3::text[] IS NOT NULL THEN (
            SELECT position::float8 FROM events WHERE position > $1::bigint
            ORDER BY events.position OFFSET ${LOOKED_THROUGH - 1} LIMIT 1) END AS horizon,
          coalesce(event.found, 0)::integer AS found, event.position::float8 AS position,
          event.id, event.type, event.occurred_at, event.data
   FROM event_positions AS place
   LEFT JOIN measured AS event ON event.number = 1 OR event.bytes <= ${MOST_BYTES}
   ORDER BY event.position`,
);

/** Reads events, from the primary server: a standby may not have the latest yet. */
@Injectable()
export class EventPages {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Reads the next events after a position.
   * @throws EventsExpired when some of them were removed, PositionUnknown when that position was never given
   */
  async read({ after, limit, types }: EventQuestion): Promise<EventPage> {
    const rows = await PAGE.run(this.dataSource, [after, limit, types ?? null]);
    const [first] = rows;
    if (first === undefined) throw new Error('the positions of events are not on record');
    const { last, forgotten, horizon, found } = first;
    if (after < forgotten) throw new EventsExpired('position', forgotten + 1);
    if (after > last) throw new PositionUnknown('position', last);
    const events = rows.flatMap((row) => (row.position === null ? [] : [placedEvent(row, row.position)]));
    const isFull = events.length === limit || events.length < found;
    const lookedThrough = horizon ?? last;
    const position = isFull ? (events.at(-1)?.position ?? lookedThrough) : lookedThrough;
    return { events, last_position: position, has_more: position < last };
  }
}

function placedEvent({ id, type, occurred_at, data }: PageRow, position: number): PlacedEvent {
  return {
    id: publicEventId(id),
    position,
    type,
    timestamp: occurred_at,
    api_version: EVENT_API_VERSION,
    data,
  };
}
