import { nearestMoment } from '@aegis/field-rules';
import { types } from 'pg';

type TypeId = Parameters<typeof types.getTypeParser>[0];

/**
 * How the driver reads values. A `timestamptz` outside of the years 1 to 9999, or an infinite one, is read as the
 * first or the last moment inside: what is answered is always an RFC 3339 time. CHECK constraints keep such values out
 * of the tables; what an append-only table has from before can't be changed.
 */
export const VALUE_TYPES = {
  getTypeParser(oid: TypeId, format?: 'text' | 'binary'): (text: string) => unknown {
    const read = types.getTypeParser(oid, format) as (text: string) => unknown;
    if (oid !== types.builtins.TIMESTAMPTZ || format === 'binary') return read;
    return (text) => {
      const value = read(text);
      const time = value instanceof Date ? value.getTime() : Number(value);
      // ECMAScript's years end before PostgreSQL's.
      return nearestMoment(Number.isNaN(time) ? (text.endsWith(' BC') ? -Infinity : Infinity) : time);
    };
  },
};

/**
 * The CHECK that keeps columns of type `timestamptz` within the years that RFC 3339 can write.
 * @param columns their names
 */
export function momentsCheck(...columns: readonly string[]): string {
  return columns
    .map((column) => `${column} >= '0001-01-01T00:00:00Z' AND ${column} < '10000-01-01T00:00:00Z'`)
    .join(' AND ');
}
