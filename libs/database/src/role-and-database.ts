import { type Client, DatabaseError, escapeIdentifier, escapeLiteral } from 'pg';
import { withConnection } from './role-password';
import { scramVerifier } from './scram';

/** A database that every PostgreSQL begins with: connected to while ours does not exist yet. */
const MAINTENANCE_DATABASE = 'postgres';
const DATABASE_MISSING = '3D000';
/** Of an object that another process made meanwhile: duplicate object, duplicate database, unique violation. */
const EXISTS_MEANWHILE = new Set(['42710', '42P04', '23505']);

/** Role and password of a database's URL, decoded; the password is empty for a URL without one. */
export interface RoleLogin {
  role: string;
  password: string;
}

/** The role that a URL logs in as, and its password. */
export function loginOfUrl(url: string): RoleLogin {
  const { username, password } = new URL(url);
  return { role: decodeURIComponent(username), password: decodeURIComponent(password) };
}

/** The database that a URL leads to. */
export function databaseOfUrl(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1));
}

/**
 * Runs something as an administrator of a PostgreSQL in which the URL's own database may not exist yet.
 * @param setting that the URL comes from
 * @throws ConfigurationError where that setting is to blame
 */
export async function withAdministrator<T>(
  url: string,
  work: (client: Client) => Promise<T>,
  setting: string,
): Promise<T> {
  return withConnection(url, work, setting).catch((error: unknown) => {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    if (!(cause instanceof DatabaseError) || cause.code !== DATABASE_MISSING) throw error;
    const elsewhere = new URL(url);
    elsewhere.pathname = `/${MAINTENANCE_DATABASE}`;
    return withConnection(elsewhere.href, work, setting);
  });
}

/**
 * Makes a role that may log in and nothing else. A role that exists keeps its password and its rights.
 * @param login its password is sent as SCRAM verifier; without one the role can log in only where no password is asked
 * @returns whether it was made
 */
export async function createRole(client: Client, { role, password }: RoleLogin): Promise<boolean> {
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
  if (rowCount !== 0) return false;
  const secret = password === '' ? '' : ` PASSWORD ${escapeLiteral(scramVerifier(password))}`;
  return made(
    client,
    `CREATE ROLE ${escapeIdentifier(role)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION${secret}`,
  );
}

/**
 * Makes a database of a role's own, in UTF-8. One that exists stays as it is.
 * @returns whether it was made
 */
export async function createDatabase(client: Client, name: string, owner: string): Promise<boolean> {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
  if (rowCount !== 0) return false;
  const [database, ownerName] = [escapeIdentifier(name), escapeIdentifier(owner)];
  const create = `CREATE DATABASE ${database} OWNER ${ownerName} ENCODING 'UTF8' TEMPLATE template0`;
  // Without being a superuser, as at a provider, one may give a database only to a role that one may act as.
  const { rows } = await client.query<{ mayGive: boolean }>(
    `SELECT rolsuper OR CASE WHEN current_setting('server_version_num')::integer < 160000
                             THEN pg_has_role(oid, $1, 'MEMBER') ELSE pg_has_role(oid, $1, 'SET') END AS "mayGive"
     FROM pg_roles WHERE rolname = current_user`,
    [owner],
  );
  if (rows[0]?.mayGive === true) return made(client, create);
  await client.query(`GRANT ${ownerName} TO CURRENT_USER`);
  return made(client, create).finally(() => client.query(`REVOKE ${ownerName} FROM CURRENT_USER`));
}

async function made(client: Client, statement: string): Promise<boolean> {
  try {
    await client.query(statement);
    return true;
  } catch (error) {
    if (error instanceof DatabaseError && EXISTS_MEANWHILE.has(error.code ?? '')) return false;
    throw error;
  }
}
