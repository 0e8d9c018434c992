import type { MigrationInterface, QueryRunner } from 'typeorm';
import { withShortLock } from './short-lock';

/** A rule before and after; both accept the same values. */
interface Rule {
  readonly table: 'audit_logs' | 'licenses';
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

export const RULES: readonly Rule[] = [
  {
    table: 'audit_logs',
    name: 'audit_logs_event_type_format',
    before: `event_type ~ '^[a-z_]{1,40}[.][a-z_]{1,40}$'`,
    after: `event_type ~ '^[a-z_]+[.][a-z_]+$'
      AND strpos(event_type, '.') <= 41 AND length(event_type) - strpos(event_type, '.') <= 40`,
  },
  {
    table: 'audit_logs',
    name: 'audit_logs_actor_format',
    before: `actor ~ '^(system|anonymous|(api_key|cli):.{1,128}|user:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$'`,
    after: `actor IN ('system', 'anonymous')
      OR ((actor LIKE 'api\\_key:_%' OR actor LIKE 'cli:_%') AND length(actor) - strpos(actor, ':') <= 128)
      OR actor ~ '^user:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'`,
  },
  {
    table: 'licenses',
    name: 'licenses_module_name_format',
    before: `module_name ~ '^[A-Za-z0-9_.-]{1,100}$'`,
    after: `module_name ~ '^[A-Za-z0-9_.-]+$' AND length(module_name) <= 100`,
  },
];

/**
 * Rules on texts that most requests write, with the same meaning as before: PostgreSQL keeps a state of its automaton
 * for each repetition that a pattern counts, and makes the automaton again for each value. `{1,128}` cost an audit
 * record more than its eight indexes. Rows that are there satisfy the former rule, and are not read again.
 */
export class CountOutsideOfPatterns1764250000000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const rule of RULES) await replace(runner, rule, rule.after);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const rule of RULES) await replace(runner, rule, rule.before);
  }
}

function replace(runner: QueryRunner, { table, name }: Rule, condition: string): Promise<void> {
  return withShortLock(
    runner,
    `ALTER TABLE public.${table} DROP CONSTRAINT IF EXISTS ${name},
     ADD CONSTRAINT ${name} CHECK (${condition}) NOT VALID`,
  );
}
