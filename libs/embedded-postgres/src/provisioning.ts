import { escapeIdentifier, escapeLiteral, type Client } from 'pg';
import type { Credentials } from './credentials';

export const OWNER = 'aegis_owner';
export const APPLICATION = 'aegis_app';
export const DATABASE = 'aegis';

/**
 * Makes what is missing of the two roles and the database: the owner runs the migrations, the application's role
 * owns nothing, so that grants bind it as they do in production.
 * @param superuser connected
 */
export async function provision(superuser: Client, credentials: Credentials): Promise<void> {
  const { rows } = await superuser.query<{ name: string }>(
    `SELECT rolname AS name FROM pg_roles WHERE rolname IN ($1, $2)
     UNION ALL SELECT datname FROM pg_database WHERE datname = $3`,
    [OWNER, APPLICATION, DATABASE],
  );
  const existing = new Set(rows.map((row) => row.name));
  if (!existing.has(OWNER)) await createRole(superuser, OWNER, credentials.ownerPassword);
  if (!existing.has(APPLICATION)) await createRole(superuser, APPLICATION, credentials.applicationPassword);
  if (!existing.has(DATABASE)) {
    await superuser.query(
      `CREATE DATABASE ${escapeIdentifier(DATABASE)} OWNER ${escapeIdentifier(OWNER)}
       TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`,
    );
  }
}

async function createRole(superuser: Client, name: string, password: string): Promise<void> {
  // A statement that fails is logged with its text, which holds the password.
  await superuser.query("SET log_min_error_statement = 'panic'");
  // CREATE ROLE takes no parameters.
  await superuser.query(
    `CREATE ROLE ${escapeIdentifier(name)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION
     PASSWORD ${escapeLiteral(password)}`,
  );
}
