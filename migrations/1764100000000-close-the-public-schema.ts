import { ConfigurationError } from '@aegis/errors';
import { escapeIdentifier } from 'pg';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who may create objects in the schema `public`, as the catalogue says. */
interface SchemaState {
  migrationRole: string;
  database: string;
  /** Whether the migration role may change the schema's privileges. */
  ownsSchema: boolean;
  /** Whether the migration role may create objects, by a privilege of its own. */
  migrationRoleCreates: boolean;
  publicCreates: boolean;
}

/**
 * Only the migration role creates objects in the schema `public`. Before PostgreSQL 15 every role could, and a
 * database that was upgraded from there still allows it. The migration role gets the privilege by name first: it may
 * have had it through PUBLIC only.
 */
export class CloseThePublicSchema1764100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const before = await this.look(runner);
    const statements = this.statements(before);
    // A role that does not own the schema gets a warning or an error, depending on its other privileges.
    if (before.ownsSchema) for (const statement of statements) await runner.query(statement);
    const { migrationRoleCreates, publicCreates } = before.ownsSchema ? await this.look(runner) : before;
    if (migrationRoleCreates && !publicCreates) return;
    throw new ConfigurationError(
      `The schema public of the database ${before.database} lets every role create objects, or the migration role ` +
        `${before.migrationRole} has no privilege of its own to do so, and this role can't change it: it does not own the ` +
        `schema. Run as superuser, in that database: ${statements.map((statement) => `${statement};`).join(' ')} ` +
        `Then run \`aegis migrate up\` again.`,
    );
  }

  /** Nothing to undo: no later state of the schema depends on PUBLIC creating objects in it. */
  async down(): Promise<void> {
    // Empty on purpose.
  }

  private statements({ migrationRole }: SchemaState): string[] {
    return [
      `GRANT CREATE ON SCHEMA public TO ${escapeIdentifier(migrationRole)}`,
      `REVOKE CREATE ON SCHEMA public FROM PUBLIC`,
    ];
  }

  private async look(runner: QueryRunner): Promise<SchemaState> {
    const rows = (await runner.query(`
      WITH schema AS (
        SELECT nspowner, coalesce(nspacl, acldefault('n', nspowner)) AS acl FROM pg_namespace WHERE nspname = 'public'
      ), creators AS (
        SELECT grantee FROM schema, aclexplode(schema.acl) WHERE privilege_type = 'CREATE'
      )
      SELECT current_user AS "migrationRole", current_database() AS database,
             pg_has_role(current_user, nspowner, 'USAGE') AS "ownsSchema",
             EXISTS (SELECT FROM creators WHERE grantee <> 0 AND pg_has_role(current_user, grantee, 'USAGE'))
               AS "migrationRoleCreates",
             EXISTS (SELECT FROM creators WHERE grantee = 0) AS "publicCreates"
      FROM schema`)) as SchemaState[];
    const [state] = rows;
    if (!state)
      throw new ConfigurationError(
        'The database has no schema public: create it, owned by the migration role.',
      );
    return state;
  }
}
