import { isInputRefused, lockByIdSql, runSplitting, sharedTransaction } from '@aegis/database';
import { beginningPattern, foldedBeginnings } from '@aegis/lists';
import type { DataSource, EntityManager } from 'typeorm';

/** What a customer is searched by. */
export interface SearchedTexts {
  id: string;
  name: string | null;
  email?: string | null;
  company?: string | null;
}

const BEGINS = 'beginning LIKE :beginning';

/**
 * SQL condition on `customer`: one of its words begins as `foundBy` says. It must be a subquery that is not within an
 * OR: only then does the planner know how many customers are found, and whether to sort them or to walk the list until
 * the page is full.
 */
export const FOUND = `customer.id IN (SELECT customer_id FROM customer_beginnings WHERE ${BEGINS})`;

/**
 * SQL condition: this is the first of the customer's beginnings (`found`) that match, so the customer is counted once.
 */
export const FIRST_FOUND = `found.customer_id = customer.id AND found.${BEGINS} AND NOT EXISTS (
  SELECT FROM customer_beginnings AS earlier
  WHERE earlier.customer_id = found.customer_id AND earlier.${BEGINS} AND earlier.beginning < found.beginning)`;

/** Nobody has folded the texts since they were written. Indexed (`customers_unfolded`). */
const UNFOLDED = 'beginnings IS NULL AND deleted_at IS NULL';
/** Customers that are folded in one transaction: short transactions block nobody for long. */
const BATCH = 500;

/** Parameters of these conditions. @param text as the caller wrote it; has no wildcards */
export function foundBy(text: string): { beginning: string } {
  return { beginning: beginningPattern(text) };
}

/** What is kept in `customers.beginnings`. */
export function customerBeginnings({ id, name, email, company }: SearchedTexts): string[] {
  return foldedBeginnings([id, name, email, company]);
}

/**
 * Writes what customers are searched by.
 * @param tx holds the locks of their rows
 */
export async function writeBeginnings(tx: EntityManager, customers: readonly SearchedTexts[]): Promise<void> {
  const rows = customers.map((texts) => ({ id: texts.id, beginnings: customerBeginnings(texts) }));
  await tx.query(
    `UPDATE customers SET beginnings = given.beginnings
     FROM jsonb_to_recordset($1::jsonb) AS given (id text, beginnings text[]) WHERE customers.id = given.id`,
    [JSON.stringify(rows)],
  );
}

/**
 * Folds the customers that nobody has folded yet, in short transactions. It skips customers that others have locked,
 * and those that cannot be changed because they break a newer rule.
 * @param goesOn whether to fold more, asked before each batch
 */
export async function foldCustomers(dataSource: DataSource, goesOn: () => boolean): Promise<void> {
  let after = '';
  let count = BATCH;
  while (count === BATCH && goesOn()) {
    const found = await dataSource.query<{ id: string }[]>(
      `SELECT id FROM customers WHERE ${UNFOLDED} AND id > $1 ORDER BY id LIMIT $2`,
      [after, BATCH],
    );
    const ids = found.map(({ id }) => id);
    if (ids.length > 0) await runSplitting(ids, (some) => foldEach(dataSource, some), nothing, unlessRefused);
    after = ids.at(-1) ?? after;
    count = ids.length;
  }
}

function nothing(): void {
  // A folded customer needs no other change.
}

function unlessRefused(_ids: readonly string[], error: unknown): void {
  if (!isInputRefused(error)) throw error;
}

function foldEach(dataSource: DataSource, ids: readonly string[]): Promise<void> {
  return sharedTransaction(dataSource, async (tx) => {
    const locked = await tx.query<SearchedTexts[]>(
      lockByIdSql({
        columns: 'id, name, email, company',
        table: 'customers',
        where: UNFOLDED,
        strength: 'NO KEY UPDATE',
        skipLocked: true,
      }),
      [ids],
    );
    if (locked.length > 0) await writeBeginnings(tx, locked);
  });
}
