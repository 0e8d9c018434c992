import { randomBytes } from 'node:crypto';
import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import { KEEP_ALIVE, SESSION_OPTIONS } from './connections/connection-options';
import { namingSetting } from './connections/connection-problem';
import { scramVerifier } from './scram';

const PASSWORD_BYTES = 32;
const CONNECT_PATIENCE_MS = 10_000;
const TWIN_SUFFIX = '_b';

/** The role that a URL logs in as. */
export function roleOfUrl(url: string): string {
  return decodeURIComponent(new URL(url).username);
}

/** The same database under another role with a fresh password. */
export function urlFor(url: string, role: string): { url: string; password: string } {
  const password = randomBytes(PASSWORD_BYTES).toString('base64url');
  const other = new URL(url);
  other.username = encodeURIComponent(role);
  other.password = password;
  return { url: other.href, password };
}

/** A role has one password, so two roles take turns: `aegis_app` and `aegis_app_b`. */
export function alternateRole(role: string): string {
  return role.endsWith(TWIN_SUFFIX) ? role.slice(0, -TWIN_SUFFIX.length) : role + TWIN_SUFFIX;
}

/**
 * Runs something on a connection of its own.
 * @param setting that the URL comes from
 * @throws ConfigurationError where that setting is to blame
 */
export function withConnection<T>(
  url: string,
  work: (client: Client) => Promise<T>,
  setting = 'DATABASE_URL',
): Promise<T> {
  return namingSetting(setting, connected(url, work));
}

async function connected<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({
    connectionString: url,
    application_name: 'aegis roles',
    options: SESSION_OPTIONS,
    connectionTimeoutMillis: CONNECT_PATIENCE_MS,
    ...KEEP_ALIVE,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Gives a role a new password, and makes the role if it is missing. The password itself never leaves the process. */
export async function setPassword(client: Client, role: string, password: string): Promise<void> {
  const name = escapeIdentifier(role);
  // Neither takes parameters.
  const verifier = escapeLiteral(scramVerifier(password));
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
  await client.query(
    rowCount === 0
      ? `CREATE ROLE ${name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD ${verifier}`
      : `ALTER ROLE ${name} LOGIN PASSWORD ${verifier}`,
  );
}

/** Changes the password of the role that is connected: that needs no further right. */
export async function setOwnPassword(client: Client, password: string): Promise<void> {
  await client.query(`ALTER ROLE CURRENT_USER PASSWORD ${escapeLiteral(scramVerifier(password))}`);
}

/** Keeps a role from logging in. */
export async function disableLogin(client: Client, role: string): Promise<void> {
  await client.query(`ALTER ROLE ${escapeIdentifier(role)} NOLOGIN PASSWORD NULL`);
}

/** A role that can log in. */
export interface RoleInUse {
  role: string;
  /** To this database. */
  connections: number;
  /** Whether a rotation that is not finished leads to this role, from its twin. */
  isSuccessor: boolean;
}

/** Comment of the role that a rotation leads to; followed by the name of the role that it leads away from. */
const SUCCESSOR_OF = 'aegis rotate-secrets: takes the place of ';

/**
 * Notes in the comment of a role that a rotation leads to it, so that only the other role is ever shut out. Only a role
 * that may change the password of this one can write that.
 * @param client a role that may create roles
 */
export async function markSuccessor(client: Client, role: string): Promise<void> {
  await client.query(
    `COMMENT ON ROLE ${escapeIdentifier(role)} IS ${escapeLiteral(SUCCESSOR_OF + alternateRole(role))}`,
  );
}

/** Removes what `markSuccessor` wrote; any other comment stays. */
export async function unmarkSuccessor(client: Client, role: string): Promise<void> {
  const [found] = await connectionsOf(client, [role]);
  if (found?.isSuccessor === true) await client.query(`COMMENT ON ROLE ${escapeIdentifier(role)} IS NULL`);
}

/** Roles that can log in, of those named, with their connections to this database, this one left out. */
export async function connectionsOf(client: Client, roles: readonly string[]): Promise<RoleInUse[]> {
  const { rows } = await client.query<{ role: string; connections: number; comment: string | null }>(
    `SELECT rolname AS role, count(pid)::integer AS connections, shobj_description(pg_roles.oid, 'pg_authid') AS comment
     FROM pg_roles LEFT JOIN pg_stat_activity
       ON usesysid = pg_roles.oid AND datname = current_database() AND pid <> pg_backend_pid()
     WHERE rolname = ANY($1) AND rolcanlogin GROUP BY rolname, pg_roles.oid ORDER BY rolname`,
    [roles],
  );
  return rows.map(({ role, connections, comment }) => ({
    role,
    connections,
    isSuccessor: comment === SUCCESSOR_OF + alternateRole(role),
  }));
}
