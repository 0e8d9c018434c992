import type { MigrationInterface, QueryRunner } from 'typeorm';
import { withShortLock } from './short-lock';

/** At most 100 of them; as text each costs a few bytes more than the 2,048 that the server takes as JSON. */
const MOST_BYTES = 4_096;
/** Without a count: PostgreSQL makes a state for each repetition that a pattern counts. The whole is bounded. */
const BROKEN_CODE = 'strict $.keyvalue() ? (!(@.key like_regex "^[a-z][a-z0-9_.-]*$"))';
const BROKEN_VALUE = `strict $.keyvalue().value ? (
  !(@.type() == "boolean" || @.type() == "string" || (@.type() == "number" && @ >= 0 && @ <= 9007199254740991)))`;
const FRACTION = 'strict $.keyvalue().value ? (@.type() == "number" && @ != @.floor())';

/** In this order, so that each is asked only of what the ones before it left. */
const RULE = `CASE
  WHEN jsonb_typeof(entitlements) <> 'object' OR octet_length(entitlements::text) > ${MOST_BYTES} THEN false
  WHEN entitlements = '{}' THEN true
  ELSE NOT entitlements @? '${BROKEN_CODE}' AND NOT entitlements @? '${BROKEN_VALUE}'
       AND NOT entitlements @? '${FRACTION}'
       AND jsonb_array_length(jsonb_path_query_array(entitlements, '$.keyvalue().key')) <= 100
END`;

/**
 * What a license allows beyond running. A constant default writes no row again, and no row can break the rule before it
 * is checked. Servers of the previous release issue licenses without any.
 */
export class AddEntitlements1764260000000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await withShortLock(
      runner,
      `ALTER TABLE public.licenses ADD COLUMN IF NOT EXISTS entitlements jsonb NOT NULL DEFAULT '{}',
       DROP CONSTRAINT IF EXISTS licenses_entitlements,
       ADD CONSTRAINT licenses_entitlements CHECK (${RULE}) NOT VALID`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await withShortLock(runner, `ALTER TABLE public.licenses DROP COLUMN IF EXISTS entitlements`);
  }
}
