import { PreparedStatement } from '@aegis/database';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EventName } from '../catalogue/event-kinds';
import { publicEventId } from '../sequencing/event-id';
import { MOST_BYTES } from './event-pages';
import { EndpointUnknown, EventsExpired, PositionUnknown } from './events.errors';

/** Which events of a webhook are asked for. */
export interface EndpointQuestion {
  /** Id of the webhook. */
  endpoint: string;
  /** Those with a greater sequence. */
  after: number;
  /** So many at most. */
  limit: number;
}

/** An event as the webhook gets it. */
export interface SequencedEvent {
  id: string;
  sequence: number;
  type: EventName;
  timestamp: Date;
  api_version: string;
  data: Readonly<Record<string, unknown>>;
}

/** Events of a webhook in the order of their sequences. */
export interface EndpointPage {
  events: SequencedEvent[];
  /** What to ask for next. */
  last_sequence: number;
  /** Whether there are later ones already. */
  has_more: boolean;
}

/** A page, and up to which position the events of all were placed when it was read. */
export interface SeenPage {
  page: EndpointPage;
  position: number;
}

interface Row {
  last: number;
  first: number | null;
  position: number;
  api_version: string;
  /** How many were found, with those for which the page has no room. */
  found: number;
  /** Null where none was found. */
  sequence: number | null;
  id: string;
  type: EventName;
  occurred_at: Date;
  data: Readonly<Record<string, unknown>>;
}

/** Deliveries in any state, also of a disabled webhook. They outlive their events by moments. */
const PAGE = new PreparedStatement<Row>(
  'events-of-endpoint',
  `WITH found AS (
     SELECT delivery.sequence, event.id, event.type, event.occurred_at, event.data
     FROM webhook_deliveries AS delivery
     JOIN events AS event ON event.position = delivery.position
     WHERE delivery.endpoint_id = $1::uuid AND delivery.sequence > $2::bigint
     ORDER BY delivery.sequence LIMIT $3::integer),
   measured AS (
     SELECT sequence, id, type, occurred_at, data, count(*) OVER () AS found,
            sum(octet_length(data::text)) OVER before AS bytes, row_number() OVER before AS number
     FROM found WINDOW before AS (ORDER BY sequence ROWS UNBOUNDED PRECEDING))
   SELECT progress.sequence::float8 AS last, place.last::float8 AS position, endpoint.api_version,
          (SELECT kept.sequence::float8 FROM webhook_deliveries AS kept
           WHERE kept.endpoint_id = $1::uuid AND kept.position > place.forgotten
           ORDER BY kept.sequence LIMIT 1) AS first,
          coalesce(event.found, 0)::integer AS found, event.sequence::float8 AS sequence,
          event.id, event.type, event.occurred_at, event.data
   FROM webhook_progress AS progress
   JOIN webhook_endpoints AS endpoint ON endpoint.id = progress.endpoint_id
   CROSS JOIN event_positions AS place
   LEFT JOIN measured AS event ON event.number = 1 OR event.bytes <= ${MOST_BYTES}
   WHERE progress.endpoint_id = $1::uuid AND endpoint.deleted_at IS NULL
   ORDER BY event.sequence`,
);

/** Reads the events of a webhook, from the primary server: a standby may not have the latest yet. */
@Injectable()
export class EndpointPages {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Reads the next events of a webhook after a sequence.
   * @throws EndpointUnknown; EventsExpired when some of them were removed, PositionUnknown when that sequence was never
   * given
   */
  async read({ endpoint, after, limit }: EndpointQuestion): Promise<SeenPage> {
    const rows = await PAGE.run(this.dataSource, [endpoint, after, limit]);
    const [row] = rows;
    if (row === undefined) throw new EndpointUnknown(endpoint);
    const { last, position } = row;
    const first = row.first ?? last + 1;
    if (after < first - 1) throw new EventsExpired('sequence', first);
    if (after > last) throw new PositionUnknown('sequence', last);
    const events = rows.flatMap((event) =>
      event.sequence === null ? [] : [sequencedEvent(event, event.sequence)],
    );
    const isFull = events.length === limit || events.length < row.found;
    const reached = isFull ? (events.at(-1)?.sequence ?? last) : last;
    return { page: { events, last_sequence: reached, has_more: reached < last }, position };
  }
}

function sequencedEvent({ id, type, occurred_at, api_version, data }: Row, sequence: number): SequencedEvent {
  return { id: publicEventId(id), sequence, type, timestamp: occurred_at, api_version, data };
}
