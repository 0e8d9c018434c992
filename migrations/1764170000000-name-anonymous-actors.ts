import type { MigrationInterface, QueryRunner } from 'typeorm';
import { withShortLock } from './short-lock';

const BEFORE = '^(system|(api_key|cli):.{1,128})$';
const AFTER = '^(system|anonymous|(api_key|cli):.{1,128}|user:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$';

/** Audit records may name `anonymous` (a request without a credential) and `user:<uuid>` as their actor. */
export class NameAnonymousActors1764170000000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await replaceRule(runner, AFTER);
    // Blocks no writer.
    await runner.query(`ALTER TABLE audit_logs VALIDATE CONSTRAINT audit_logs_actor_format`);
  }

  async down(runner: QueryRunner): Promise<void> {
    // Not validated: records with the new actors stay.
    await replaceRule(runner, BEFORE);
  }
}

function replaceRule(runner: QueryRunner, rule: string): Promise<void> {
  return withShortLock(
    runner,
    `ALTER TABLE audit_logs
       DROP CONSTRAINT IF EXISTS audit_logs_actor_format,
       ADD CONSTRAINT audit_logs_actor_format CHECK (actor ~ '${rule}') NOT VALID`,
  );
}
