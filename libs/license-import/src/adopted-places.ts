import { openStatusPlaces, type StatusPlace } from '@aegis/status-lists';
import type { EntityManager } from 'typeorm';
import type { ProvenLine } from './line-outcome';

/** The place that a token names: `free`, it is adopted; `taken`, another token has it. Absent: it names none. */
export type TokenPlaces = ReadonlyMap<ProvenLine, 'free' | 'taken'>;

/** The place in a status list that the token of a line keeps; null where it has none. */
export function placeOf(line: ProvenLine, places: TokenPlaces): StatusPlace | null {
  return places.get(line) === 'free' ? line.place : null;
}

/**
 * Finds out which tokens name a place that this server handed out: a restore may have forgotten the token, and then its
 * revocation must reach those who look at that place. One that was never handed out may still be given to another token.
 */
export async function adoptedPlaces(tx: EntityManager, lines: readonly ProvenLine[]): Promise<TokenPlaces> {
  const naming = lines.filter(({ place }) => place !== null);
  if (naming.length === 0) return new Map();
  const places = await openStatusPlaces(tx);
  const [sequence] = await tx.query<{ last: string | null }[]>(
    `SELECT last_value AS last FROM pg_sequences
     WHERE schemaname = 'public' AND sequencename = 'license_tokens_status_number_seq'`,
  );
  const last = Number(sequence?.last ?? -1);
  const taken = await tx.query<{ position: string }[]>(
    `SELECT position FROM unnest($1::integer[], $2::integer[]) WITH ORDINALITY AS named (list, index, position)
     WHERE EXISTS (SELECT FROM license_tokens WHERE status_list = named.list AND status_index = named.index)`,
    [naming.map(({ place }) => place?.list), naming.map(({ place }) => place?.index)],
  );
  const isTaken = new Set(taken.map(({ position }) => Number(position) - 1));
  return new Map(
    naming.flatMap((line, index): [ProvenLine, 'free' | 'taken'][] => {
      if (line.place === null || places.numberOf(line.place) > last) return [];
      return [[line, isTaken.has(index) ? 'taken' : 'free']];
    }),
  );
}
