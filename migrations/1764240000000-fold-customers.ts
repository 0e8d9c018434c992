import { foldCustomers } from '@aegis/customers';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { withShortLock } from './short-lock';

/** What the beginnings replace. `customers_by_id_prefix` stays: it finds ids that differ in case alone. */
const REPLACED = ['name', 'email', 'company'];

/** What comes near to the application's folding: the accents of Latin, Greek and Cyrillic letters are left out. */
const nearlyFolded = (column: string): string =>
  `regexp_replace(lower(normalize(${column}, NFKD) COLLATE "und-x-icu"), '[\\u0300-\\u036f]+', '', 'g')`;

/**
 * Adds rows of what customers are searched by. Of those whose texts nobody has folded yet: each text as a whole.
 * @param customers SQL: a table like `customers`
 */
const add = (customers: string): string => `
  INSERT INTO public.customer_beginnings (customer_id, beginning)
  SELECT DISTINCT id, left(beginning, 200)
  FROM (SELECT id, unnest(coalesce(beginnings,
               ARRAY[${['id', 'name', 'email', 'company'].map(nearlyFolded).join(', ')}])) AS beginning
        FROM ${customers} WHERE deleted_at IS NULL) AS searched
  WHERE beginning <> ''
  ON CONFLICT DO NOTHING;`;

/**
 * Customers are found by the beginning of each word of their texts, without regard to case and accents. The application
 * folds the texts into `beginnings`, which the database keeps as rows that an index finds: their statistics say how many
 * customers a beginning finds, which those of an index over arrays do not. What changes the texts without folding them, as
 * a server of the release before does while servers are replaced, leaves `beginnings` empty; a job folds what is empty.
 */
export class FoldCustomers1764240000000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await withShortLock(runner, `ALTER TABLE public.customers ADD COLUMN IF NOT EXISTS beginnings text[]`);
    await withShortLock(
      runner,
      `ALTER TABLE public.customers DROP CONSTRAINT IF EXISTS customers_beginnings,
       ADD CONSTRAINT customers_beginnings
         CHECK (cardinality(beginnings) <= 80 AND octet_length(beginnings::text) <= 65536
                AND (deleted_at IS NULL OR beginnings IS NULL)) NOT VALID`,
    );
    await withShortLock(runner, `ALTER TABLE public.customers VALIDATE CONSTRAINT customers_beginnings`);
    await withShortLock(
      runner,
      `CREATE TABLE IF NOT EXISTS public.customer_beginnings (
         customer_id text NOT NULL REFERENCES public.customers (id) ON DELETE CASCADE,
         beginning text COLLATE "C" NOT NULL,
         PRIMARY KEY (customer_id, beginning)
       )`,
    );
    await runner.query(
      `CREATE INDEX IF NOT EXISTS customer_beginnings_by_text ON public.customer_beginnings (beginning, customer_id)`,
    );
    await this.createTriggers(runner);
    // What broke off leaves an index that is not valid.
    await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS public.customers_unfolded`);
    await runner.query(
      `CREATE INDEX CONCURRENTLY customers_unfolded ON public.customers (id)
       WHERE beginnings IS NULL AND deleted_at IS NULL`,
    );
    await foldCustomers(runner.dataSource, () => true);
    // Of those that were locked, and those that cannot be changed. Locked, or one that is removed meanwhile leaves its texts.
    await runner.query(
      add(
        `(SELECT * FROM public.customers WHERE beginnings IS NULL AND deleted_at IS NULL ORDER BY id FOR SHARE) AS unfolded`,
      ),
    );
    for (const column of REPLACED)
      await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS public.customers_by_${column}_prefix`);
    await runner.query(`ANALYZE public.customers, public.customer_beginnings`);
  }

  private async createTriggers(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE OR REPLACE FUNCTION public.customers_empty_beginnings() RETURNS trigger
      LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
      BEGIN
        NEW.beginnings := NULL;
        RETURN NEW;
      END $$`);
    await runner.query(`
      CREATE OR REPLACE FUNCTION public.customers_keep_beginnings() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      BEGIN
        IF TG_OP = 'UPDATE' THEN
          DELETE FROM public.customer_beginnings WHERE customer_id IN (
            SELECT id FROM rows_after JOIN rows_before USING (id)
            WHERE (rows_after.beginnings, rows_after.name, rows_after.email, rows_after.company, rows_after.deleted_at)
              IS DISTINCT FROM
              (rows_before.beginnings, rows_before.name, rows_before.email, rows_before.company, rows_before.deleted_at));
        END IF;${add('rows_after')}
        RETURN NULL;
      END $$`);
    await runner.query(
      `REVOKE ALL ON FUNCTION public.customers_empty_beginnings(), public.customers_keep_beginnings() FROM PUBLIC`,
    );
    for (const trigger of [
      `customers_beginnings_follow BEFORE UPDATE OF name, email, company, deleted_at ON public.customers FOR EACH ROW
       WHEN ((NEW.name, NEW.email, NEW.company, NEW.deleted_at)
             IS DISTINCT FROM (OLD.name, OLD.email, OLD.company, OLD.deleted_at))
       EXECUTE FUNCTION public.customers_empty_beginnings()`,
      `customers_keep_inserted AFTER INSERT ON public.customers REFERENCING NEW TABLE AS rows_after
       FOR EACH STATEMENT EXECUTE FUNCTION public.customers_keep_beginnings()`,
      `customers_keep_updated AFTER UPDATE ON public.customers
       REFERENCING OLD TABLE AS rows_before NEW TABLE AS rows_after
       FOR EACH STATEMENT EXECUTE FUNCTION public.customers_keep_beginnings()`,
    ])
      await withShortLock(runner, `CREATE OR REPLACE TRIGGER ${trigger}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const column of REPLACED)
      await runner.query(
        `CREATE INDEX customers_by_${column}_prefix
         ON public.customers ((lower(${column} COLLATE "und-x-icu")) text_pattern_ops) WHERE deleted_at IS NULL`,
      );
    for (const trigger of ['beginnings_follow', 'keep_inserted', 'keep_updated'])
      await runner.query(`DROP TRIGGER IF EXISTS customers_${trigger} ON public.customers`);
    await runner.query(
      `DROP FUNCTION IF EXISTS public.customers_empty_beginnings(), public.customers_keep_beginnings()`,
    );
    await runner.query(`DROP TABLE IF EXISTS public.customer_beginnings`);
    // With its index and its rule.
    await runner.query(`ALTER TABLE public.customers DROP COLUMN IF EXISTS beginnings`);
  }
}
