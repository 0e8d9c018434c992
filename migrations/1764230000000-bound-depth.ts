import type { MigrationInterface, QueryRunner } from 'typeorm';
import { withShortLock } from './short-lock';

/** As deep as requests may nest; what the server writes has three levels. */
const MOST_LEVELS = 32;
/** JSON path of an object or list within so many others. Strict: in lax mode a list stands for its elements. */
const DEEPER = `strict $.**{${MOST_LEVELS}} ? (@.type() == "object" || @.type() == "array")`;

/**
 * Bounds how deep the data of an audit record nests: JSON.stringify and JSON.parse end with a RangeError on some
 * thousand levels, and a record is there for good. Rows that are there already are not checked; they are shown and
 * exported as what is too large.
 */
export class BoundDepth1764230000000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await withShortLock(
      runner,
      `ALTER TABLE public.audit_logs DROP CONSTRAINT IF EXISTS audit_logs_depth,
       ADD CONSTRAINT audit_logs_depth CHECK (NOT event_data @? '${DEEPER}') NOT VALID`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await withShortLock(runner, `ALTER TABLE public.audit_logs DROP CONSTRAINT IF EXISTS audit_logs_depth`);
  }
}
