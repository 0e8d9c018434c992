import type { HistoryTerms, SeatEvent, SeatHistory } from './seat-history';

/** An activation as it is on record. */
export interface RecordedSeat {
  id: string;
  fp: string;
  over: boolean;
  fence: number;
  admitted_at: number;
  lease_ends_at: number | null;
  ended_at: number | null;
  ended_by: string | null;
  /** Audit records of its admission, and of its end. */
  admissions: number;
  ends: number;
}

/** Reads what the rules are about. @param query of a connection that may read everything */
export async function recordedSeats(
  query: <T extends object>(sql: string, values: unknown[]) => Promise<T[]>,
  licenseId: string,
): Promise<{ seats: RecordedSeat[]; open: number }> {
  const seats = await query<RecordedSeat>(
    `SELECT a.id, encode(fp, 'hex') AS fp, over, fence::float8 AS fence, ended_by,
            extract(epoch FROM admitted_at)::float8 * 1000 AS admitted_at,
            extract(epoch FROM lease_ends_at)::float8 * 1000 AS lease_ends_at,
            extract(epoch FROM ended_at)::float8 * 1000 AS ended_at,
            count(r.id) FILTER (WHERE event_type = 'activation.admitted')::integer AS admissions,
            count(r.id) FILTER (WHERE event_type IN ('activation.ended', 'activation.taken_over'))::integer AS ends
     FROM activations a
     LEFT JOIN audit_logs r ON r.license_id = a.license_id AND r.event_data ->> 'activation_id' = a.id::text
     WHERE a.license_id = $1 GROUP BY a.id ORDER BY fence`,
    [licenseId],
  );
  const [row] = await query<{ open: number }>('SELECT open FROM license_seats WHERE license_id = $1', [
    licenseId,
  ]);
  return { seats, open: row?.open ?? -1 };
}

/**
 * Holds a history against the rules of the contract.
 * @returns what contradicts them, a sentence each
 */
export function brokenRules(
  { events, terms }: Pick<SeatHistory, 'events' | 'terms'>,
  { seats, open }: { seats: readonly RecordedSeat[]; open: number },
): string[] {
  return [
    ...oversold(events, terms, seats),
    ...moves(terms, events, seats),
    ...twice(seats),
    ...records(seats),
    ...fences(seats),
    ...answers(events, new Map(seats.map((seat) => [seat.id, seat]))),
    ...shrunk(events),
    ...(open === seats.filter(({ ended_at }) => ended_at === null).length
      ? []
      : [`the seat row counts ${open} that have no end`]),
  ];
}

/** The end of a seat: on record, or of its lease. */
function endOf({ ended_at, lease_ends_at }: RecordedSeat): number {
  return ended_at ?? lease_ends_at ?? Infinity;
}

/** No admission takes a license above what it may have had at that moment. */
function oversold(
  events: readonly SeatEvent[],
  terms: HistoryTerms,
  seats: readonly RecordedSeat[],
): string[] {
  return seats.flatMap((seat) => {
    const at = seat.admitted_at;
    const held = seats.filter(
      (other) => other.admitted_at <= at && other.fence <= seat.fence && endOf(other) > at,
    );
    const limit = highestCap(events, terms, at) + terms.overage;
    return held.length > limit ? [`${seat.id} is number ${held.length} of ${limit}`] : [];
  });
}

/** A change that was answered before has replaced the earlier ones; one that was under way may have, or not. */
function highestCap(events: readonly SeatEvent[], { max }: HistoryTerms, at: number): number {
  const changes = events.filter(
    ({ kind, status, began }) => kind === 'max' && status !== 422 && began <= at + 1,
  );
  const done = changes.filter(({ status, ended }) => status === 200 && ended < at - 1);
  const lastBegan = Math.max(0, ...done.map(({ began }) => began));
  const possible = changes.filter(({ ended, status }) => status !== 200 || ended >= lastBegan);
  return Math.max(done.length === 0 ? max : 0, ...possible.map(({ cap }) => cap ?? 0));
}

/** In any 30 days; a history takes a few seconds. */
function moves(terms: HistoryTerms, events: readonly SeatEvent[], seats: readonly RecordedSeat[]): string[] {
  if (terms.moves === null) return [];
  const caps = events.flatMap(({ kind, cap }) => (kind === 'max' && cap !== undefined ? [cap] : []));
  const limit = Math.max(terms.max, ...caps) + terms.overage + terms.moves;
  const different = new Set(seats.map(({ fp }) => fp)).size;
  return different > limit ? [`${different} fingerprints were admitted, of ${limit}`] : [];
}

/** One fingerprint never holds two seats at a time. */
function twice(seats: readonly RecordedSeat[]): string[] {
  return seats.flatMap((seat) =>
    seats
      .filter((other) => other.fp === seat.fp && other.fence > seat.fence && endOf(seat) > other.admitted_at)
      .map((other) => `${seat.id} and ${other.id} are one fingerprint's at a time`),
  );
}

/** Each admission and each end leaves one record. */
function records(seats: readonly RecordedSeat[]): string[] {
  return seats.flatMap(({ id, admissions, ends, ended_at }) => [
    ...(admissions === 1 ? [] : [`${id} has ${admissions} records of its admission`]),
    ...(ends === (ended_at === null ? 0 : 1) ? [] : [`${id} has ${ends} records of its end`]),
  ]);
}

/** Fences grow with admissions. */
function fences(seats: readonly RecordedSeat[]): string[] {
  return seats.flatMap((seat, index) => {
    const before = seats[index - 1];
    return before === undefined || (before.fence < seat.fence && before.admitted_at <= seat.admitted_at)
      ? []
      : [`the fence of ${seat.id} does not follow that of ${before.id}`];
  });
}

/** What was acknowledged is on record, and what is on record was answered. */
function answers(events: readonly SeatEvent[], seats: ReadonlyMap<string, RecordedSeat>): string[] {
  return events.flatMap(({ kind, status, body, id, began, ended, fingerprint }) => {
    const what = `${kind} of ${fingerprint} (${id ?? body.id ?? 'new'})`;
    const seat = seats.get(body.id ?? id ?? '');
    if (status >= 500 && body.code !== 'service_unavailable' && body.code !== 'outcome_unknown')
      return [`${what} was answered ${status}`];
    if (kind === 'activate' && status < 300 && status !== 0) {
      if (seat === undefined) return [`${what} was acknowledged and is not on record`];
      return endOf(seat) < began && seat.ended_by !== 'lease' ? [`${what} gave what had ended`] : [];
    }
    if (kind === 'heartbeat' && status === 200)
      return seat !== undefined && wasKnownToEnd(events, seat, began)
        ? [`${what} renewed what had ended (${seat.ended_by})`]
        : [];
    if (kind === 'heartbeat' && body.code === 'activation_ended') {
      if (seat === undefined) return [`${what} names what is not on record`];
      const isTrue = seat.ended_by === body.ended_by && seat.ended_at === Date.parse(body.ended_at ?? '');
      return isTrue && (seat.ended_at ?? 0) <= ended + 1 ? [] : [`${what} says another end than the record`];
    }
    if ((kind === 'release' || kind === 'end') && (status === 204 || status === 200))
      return seat === undefined || seat.ended_at === null
        ? [`${what} was acknowledged and it has no end`]
        : [];
    if (body.code === 'seats_exhausted')
      return (body.in_use ?? 0) >= (body.limit ?? Infinity)
        ? []
        : [`${what} was refused though there was room`];
    return [];
  });
}

/**
 * Whether it was answered before a moment that a seat has ended. What ends a seat reads the clock first, and may then wait for
 * a heartbeat of that seat: its end is on record as the earlier of the two.
 */
function wasKnownToEnd(
  events: readonly SeatEvent[],
  { id, ended_at, ended_by }: RecordedSeat,
  at: number,
): boolean {
  if (ended_at === null) return false;
  if (ended_by === 'lease') return ended_at < at;
  return events.some(
    ({ kind, status, body, id: named, ended }) =>
      ended < at &&
      ((named === id && (kind === 'release' || kind === 'end') && (status === 204 || status === 200)) ||
        (named === id && body.code === 'activation_ended')),
  );
}

/** Of two answers about one activation the later one never has an earlier end, unless its time was changed between. */
function shrunk(events: readonly SeatEvent[]): string[] {
  const known = new Map<string, SeatEvent>();
  const broken: string[] = [];
  for (const event of events) {
    const id = event.body.id ?? event.id;
    if (id === undefined) continue;
    if (event.kind === 'lapse') known.delete(id);
    if (event.status !== 200 && event.status !== 201) continue;
    if (event.kind !== 'heartbeat' && event.kind !== 'activate') continue;
    const before = known.get(id);
    const wasChanged = events.some(
      (other) =>
        other.kind === 'lapse' &&
        other.id === id &&
        other.ended >= (before?.began ?? 0) &&
        other.began <= event.ended,
    );
    if (
      before !== undefined &&
      !wasChanged &&
      before.ended < event.began &&
      Date.parse(event.body.lease_ends_at ?? '') < Date.parse(before.body.lease_ends_at ?? '')
    )
      broken.push(`the lease of ${id} has become shorter`);
    known.set(id, event);
  }
  return broken;
}
