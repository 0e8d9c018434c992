import type { ListOrder } from './list-page';

interface Created {
  readonly id: string;
  readonly created_at: Date;
}

/**
 * Orders rows by the time of their creation. Rows of one moment are ordered by id, so that a cursor has one place.
 * @param alias of the table in the query
 * @param id type of its column `id`
 */
export function byCreation<Row extends Created>(alias: string, id: 'text' | 'uuid'): ListOrder<Row>['keys'] {
  return [
    {
      expression: `${alias}.created_at`,
      kind: 'timestamp',
      type: 'timestamptz',
      of: ({ created_at }) => created_at.toISOString(),
    },
    { expression: `${alias}.id`, kind: id, type: id, of: ({ id }) => id },
  ];
}

/** The latest creation first; parameters as of `byCreation`. */
export function newestFirst<Row extends Created>(alias: string, id: 'text' | 'uuid'): ListOrder<Row> {
  return { keys: byCreation(alias, id), direction: 'DESC' };
}

/**
 * Orders rows by a number that grows with each of them, the highest first.
 * @param alias of the table in the query
 * @param column a `bigint`
 */
export function highestFirst<Column extends string>(
  alias: string,
  column: Column,
): ListOrder<Readonly<Record<Column, string>>> {
  return {
    keys: [{ expression: `${alias}.${column}`, kind: 'integer', type: 'bigint', of: (row) => row[column] }],
    direction: 'DESC',
  };
}
