import { readUpToDate } from '@aegis/replicas';
import type { EntityManager, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { type CursorKey, type CursorKeyKind, decodeCursor, encodeCursor } from './cursor';
import type { PageQuery } from './page-query';

/** Up to here `total` is counted; beyond, the planner estimates it: counting must not cost more than the page. */
const COUNTED_ROWS = 1000;

/** One of the keys that a list is sorted by. */
export interface SortKey<Row> {
  /** SQL of the key, never null; indexed in the order of the keys. */
  expression: string;
  kind: CursorKeyKind;
  /** PostgreSQL type that a cursor's text is read as. */
  type: 'timestamptz' | 'uuid' | 'text' | 'bigint';
  /** Text of the key in a row, as `kind` wants it. */
  of: (row: Row) => CursorKey;
  /** What stands for null, where `kind` allows it. */
  ifNull?: string;
}

export interface ListOrder<Row> {
  /** The last one is unique. */
  keys: readonly SortKey<Row>[];
  direction: 'ASC' | 'DESC';
}

/** A list, ready to be read: by pages or as a whole. */
export interface ListSource<Row extends ObjectLiteral> {
  /** Selects the list's rows, filters applied, not sorted. */
  rows: SelectQueryBuilder<Row>;
  /** Selects the same rows for their total, sorted as an index finds them soonest; by default in the list's order. */
  counted?: SelectQueryBuilder<Row>;
  /** Selects the same rows for an estimate of their number; `rows` unless given. */
  estimated?: SelectQueryBuilder<Row>;
  order: ListOrder<Row>;
  /** Filters and sort order as the caller named them: a cursor of another list is refused. */
  list: Readonly<Record<string, unknown>>;
}

/** The rows that a list's query found. */
export interface Rows<Row> {
  rows: readonly Row[];
  /** Rows of the whole list. */
  total: number;
  totalIsEstimate?: boolean;
  /** Made by `encodeCursor`; null on the last page. */
  nextCursor: string | null;
}

/**
 * Reads one page of a list: by number, or after a cursor, which costs the same however deep it is. Page and total come
 * from one database: a read replica, if it has all that was committed before the call.
 * @throws InvalidInput for an invalid cursor, or one of another list
 */
export async function listPage<Row extends ObjectLiteral>(
  { rows, counted, estimated, order, list }: ListSource<Row>,
  query: PageQuery,
): Promise<Rows<Row>> {
  const selected = sorted(rows, order);
  if (query.cursor === undefined) selected.offset(((query.page ?? 1) - 1) * query.page_size);
  else
    seek(
      selected,
      order,
      decodeCursor(
        query.cursor,
        order.keys.map(({ kind }) => kind),
        list,
      ),
    );
  selected.limit(query.page_size + 1);
  const [{ total, isEstimate }, found] = await readUpToDate(rows.dataSource, (on) =>
    Promise.all([
      countRows(counted ?? sorted(rows, order), estimated ?? rows, on),
      sentBy(on, selected).getMany(),
    ]),
  );
  const page = found.slice(0, query.page_size);
  const last = page.at(-1);
  const nextCursor =
    last !== undefined && found.length > page.length ? encodeCursor(positionOf(last, order), list) : null;
  return { rows: page, total, totalIsEstimate: isEstimate, nextCursor };
}

/** Rows that `allRows` reads at a time. */
const CHUNK = 500;

/** Every row of a list, each chunk read when it is asked for: memory stays the same, and no transaction stays open. */
export async function* allRows<Row extends ObjectLiteral>(source: ListSource<Row>): AsyncGenerator<Row> {
  let after: CursorKey[] | undefined;
  for (;;) {
    const rows = await rowsAfter(source, after, CHUNK);
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < CHUNK) return;
    after = positionOf(last, source.order);
  }
}

/**
 * Reads the next rows of a list, from a read replica if it has all that was committed before the call.
 * @param after where the rows before them ended; undefined reads from the beginning
 */
export function rowsAfter<Row extends ObjectLiteral>(
  { rows, order }: ListSource<Row>,
  after: readonly CursorKey[] | undefined,
  count: number,
): Promise<Row[]> {
  const selected = sorted(rows, order);
  if (after !== undefined) seek(selected, order, after);
  selected.limit(count);
  return readUpToDate(rows.dataSource, (on) => sentBy(on, selected).getMany());
}

/** The same query, sent on the connection of a manager that has one. */
function sentBy<Row extends ObjectLiteral>(
  { queryRunner }: EntityManager,
  query: SelectQueryBuilder<Row>,
): SelectQueryBuilder<Row> {
  return queryRunner === undefined ? query : query.clone().setQueryRunner(queryRunner);
}

function sorted<Row extends ObjectLiteral>(
  rows: SelectQueryBuilder<Row>,
  { keys, direction }: ListOrder<Row>,
): SelectQueryBuilder<Row> {
  const selected = rows.clone();
  for (const { expression } of keys) selected.addOrderBy(expression, direction);
  return selected;
}

/** The place of a row in its list. */
export function positionOf<Row>(row: Row, { keys }: ListOrder<Row>): CursorKey[] {
  return keys.map((key) => key.of(row));
}

/** Starts behind a position; a comparison of rows walks the index of the sort keys. */
function seek<Row extends ObjectLiteral>(
  selected: SelectQueryBuilder<Row>,
  { keys, direction }: ListOrder<Row>,
  position: readonly CursorKey[],
): void {
  const expressions = keys.map(({ expression }) => expression).join(', ');
  const values = keys.map(({ type }, index) => `CAST(:seek${index} AS ${type})`).join(', ');
  selected.andWhere(
    `(${expressions}) ${direction === 'ASC' ? '>' : '<'} (${values})`,
    Object.fromEntries(keys.map(({ ifNull }, index) => [`seek${index}`, position[index] ?? ifNull])),
  );
}

/**
 * Counts up to `COUNTED_ROWS`.
 * @param counted sorted: else the planner may read the table from its beginning until it has met so many of them
 * @param rows the same rows, for the estimate
 * @param on what the statements are sent by
 */
async function countRows<Row extends ObjectLiteral>(
  counted: SelectQueryBuilder<Row>,
  rows: SelectQueryBuilder<Row>,
  on: EntityManager,
): Promise<{ total: number; isEstimate: boolean }> {
  const [few, parametersOfFew] = counted.clone().select('1').getQueryAndParameters();
  const [row] = await on.query<{ total: number }[]>(
    `SELECT count(*)::int AS total FROM (${few} LIMIT ${COUNTED_ROWS + 1}) AS counted`,
    parametersOfFew,
  );
  const total = row?.total ?? 0;
  if (total <= COUNTED_ROWS) return { total, isEstimate: false };
  const [all, parameters] = rows.clone().select('1').getQueryAndParameters();
  const [plan] = await on.query<{ 'QUERY PLAN': { Plan: { 'Plan Rows': number } }[] }[]>(
    `EXPLAIN (FORMAT JSON) ${all}`,
    parameters,
  );
  return { total: Math.max(total, plan?.['QUERY PLAN'][0]?.Plan['Plan Rows'] ?? 0), isEstimate: true };
}
