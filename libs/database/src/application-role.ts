import { ConfigurationError } from '@aegis/errors';
import type { DataSource } from 'typeorm';

/**
 * Refuses a role that could undo what the database protects: an owner or superuser may drop the audit trail.
 * @throws ConfigurationError naming DATABASE_URL
 */
export async function assertApplicationRoleIsApart(dataSource: DataSource): Promise<void> {
  const [role] = await dataSource.query<{ apart: boolean }[]>(`
    SELECT NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
       AND NOT pg_has_role(current_user, relowner, 'MEMBER') AS apart
    FROM pg_class WHERE oid = 'audit_logs'::regclass`);
  if (role?.apart !== true)
    throw new ConfigurationError(
      'DATABASE_URL: its role owns the tables or is a superuser; name a role of its own for the server, and the owner in MIGRATION_DATABASE_URL',
    );
}
