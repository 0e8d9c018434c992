import { ConfigurationError } from '@aegis/errors';
import type { Logger } from '@aegis/logging';
import type { DataSource } from 'typeorm';
import { SESSION_SETTINGS } from './connection-options';

/**
 * Makes sure that sessions have the settings that every connection asks for: a pooler may drop them, and then the
 * settings of the role apply (`ALTER ROLE … SET`, which a role may do by itself).
 * @param setting that the connection is made by
 * @throws ConfigurationError naming it, and the settings that differ
 */
export async function assertSessionSettings(dataSource: DataSource, setting = 'DATABASE_URL'): Promise<void> {
  const rows = await dataSource.query<{ name: string; value: string }[]>(
    'SELECT name, current_setting(name) AS value FROM unnest($1::text[]) AS name',
    [Object.keys(SESSION_SETTINGS)],
  );
  const plain = (value: string | undefined): string => (value ?? '').replaceAll(' ', '').toLowerCase();
  const others = rows.filter(({ name, value }) => plain(value) !== plain(SESSION_SETTINGS[name]));
  if (others.length === 0) return;
  const wanted = others.map(({ name }) => `${name} = '${SESSION_SETTINGS[name]}'`).join(', ');
  throw new ConfigurationError(
    `${setting}: its sessions have other settings than the server asks for at startup, so a pooler drops them. Let it pass the startup parameter \`options\`, or set for each connection: ${wanted}`,
  );
}

/**
 * Names, in a warning, the settings that the database keeps for the sessions of the application's role (`ALTER ROLE … SET`,
 * `ALTER DATABASE … SET`): somebody who had the role's password may have made them. They are no reason to refuse a start:
 * those that change what a statement means are not in force (`assertSessionSettings`).
 */
export async function warnOfSessionDefaults(dataSource: DataSource, logger: Logger): Promise<void> {
  const rows = await dataSource.query<{ setting: string; owner: string }[]>(`
    SELECT DISTINCT left(split_part(setting, '=', 1), 64) AS setting,
           CASE WHEN setrole = 0 THEN 'database' ELSE 'role' END AS owner
    FROM pg_db_role_setting, unnest(setconfig) AS setting
    WHERE setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = session_user))
      AND setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
    ORDER BY 2, 1 LIMIT 100`);
  if (rows.length === 0) return;
  logger.write(
    'warn',
    'the database stores settings for the sessions of this server: make sure that your own people made them',
    {
      of_the_role: rows.filter(({ owner }) => owner === 'role').map(({ setting }) => setting),
      of_the_database: rows.filter(({ owner }) => owner === 'database').map(({ setting }) => setting),
    },
  );
}
