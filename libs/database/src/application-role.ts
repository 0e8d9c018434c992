import { ConfigurationError } from '@aegis/errors';
import { escapeIdentifier } from 'pg';
import type { DataSource } from 'typeorm';

/** What the role of a connection could do beyond what the application needs. */
interface RolePowers {
  role: string;
  database: string;
  /** It is a superuser or can make itself a member of other roles, or it owns the tables. */
  owns: boolean;
  createsInPublic: boolean;
  createsInDatabase: boolean;
}

/**
 * Refuses a role that could undo what the database protects. An owner or superuser may drop the audit trail; a role
 * that creates objects in `public`, or schemas, may replace a function or table that the owner uses. Privileges
 * through PUBLIC, or through a role that it may take on, are included.
 * @param setting that the connection is made by
 * @throws ConfigurationError naming the setting, and the statement that takes the privilege away
 */
export async function assertApplicationRoleIsApart(
  dataSource: DataSource,
  setting = 'DATABASE_URL',
): Promise<void> {
  const [powers] = await dataSource.query<RolePowers[]>(`
    WITH held AS (SELECT oid FROM pg_roles WHERE pg_has_role(current_user, oid, 'MEMBER'))
    SELECT current_user AS role, current_database() AS database,
           (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user)
             OR EXISTS (SELECT FROM held WHERE oid = relowner) AS owns,
           EXISTS (SELECT FROM held WHERE has_schema_privilege(oid, 'public', 'CREATE')) AS "createsInPublic",
           EXISTS (SELECT FROM held WHERE has_database_privilege(oid, current_database(), 'CREATE'))
             AS "createsInDatabase"
    FROM pg_class WHERE oid = 'public.audit_logs'::regclass`);
  if (!powers || powers.owns)
    throw new ConfigurationError(
      `${setting}: its role owns the tables, is a superuser or may create roles; name a separate role for the server, and the owner in MIGRATION_DATABASE_URL`,
    );
  const from = `FROM PUBLIC, ${escapeIdentifier(powers.role)};`;
  if (powers.createsInPublic)
    throw new ConfigurationError(
      `${setting}: its role ${powers.role} may create objects in the schema public. Run as superuser, in the database ${powers.database}: REVOKE CREATE ON SCHEMA public ${from}`,
    );
  if (powers.createsInDatabase)
    throw new ConfigurationError(
      `${setting}: its role ${powers.role} may create schemas in the database ${powers.database}. Run as superuser: REVOKE CREATE ON DATABASE ${escapeIdentifier(powers.database)} ${from}`,
    );
}
