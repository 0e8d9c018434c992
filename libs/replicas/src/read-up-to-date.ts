import type { DataSource, EntityManager } from 'typeorm';

/**
 * Reads, and nothing else. It may run twice: on a replica that fails, and then on the primary.
 * @param on what every statement is sent by; the same connection for all of them, if it has a query runner
 */
export type Reading<T> = (on: EntityManager) => Promise<T>;

/** Reads from one of the databases that have what a primary has. */
export interface Readers {
  read<T>(reading: Reading<T>): Promise<T>;
}

const readersOf = new WeakMap<DataSource, Readers>();

/** From now on `readUpToDate` reads for a primary by these. */
export function useReaders(primary: DataSource, readers: Readers): void {
  readersOf.set(primary, readers);
}

/**
 * Reads what the primary has committed up to the call, from a replica that has replayed it or from the primary. Not for
 * what a change or a verdict follows from.
 * @param primary the data source of the application
 * @throws what `reading` throws on the primary, or for a reason that is not the replica's
 */
export function readUpToDate<T>(primary: DataSource, reading: Reading<T>): Promise<T> {
  const readers = readersOf.get(primary);
  return readers === undefined ? reading(primary.manager) : readers.read(reading);
}
