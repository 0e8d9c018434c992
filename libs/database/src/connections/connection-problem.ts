import { ConfigurationError } from '@aegis/errors';
import { redactText } from '@aegis/logging';
import { errorChain, sqlState, SqlState } from '../postgres-errors';

/** Error codes of Node's TLS for a chain of certificates that ends at a CA that it does not trust. */
const UNKNOWN_CA = new Set([
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'INVALID_CA',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/**
 * Says what an error of connecting to a database, or of the first statements there, means for its settings: the
 * setting, the reason, the remedy.
 * @param setting that the connection was made by, e.g. `DATABASE_URL`
 * @returns undefined where the settings are not to blame, as when the database cannot be reached
 */
export function connectionProblem(error: unknown, setting: string): ConfigurationError | undefined {
  if (error instanceof ConfigurationError) return error;
  const text = tlsProblem(error) ?? refusal(error, setting);
  return text === undefined ? undefined : new ConfigurationError(`${setting}: ${text}`, { cause: error });
}

/**
 * Waits for what uses a connection.
 * @param setting that the connection is made by
 * @throws ConfigurationError where that setting is to blame; otherwise the error of `work`
 */
export async function namingSetting<T>(setting: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw connectionProblem(error, setting) ?? error;
  }
}

function tlsProblem(error: unknown): string | undefined {
  for (const { code, message, ...rest } of errorChain(error).map(plain)) {
    if (message === 'The server does not support SSL connections')
      return 'the server has no TLS, which sslmode requires; turn it on there (ssl = on in postgresql.conf, with a certificate), or omit sslmode if the server is on this machine.';
    if (typeof code !== 'string') continue;
    if (UNKNOWN_CA.has(code))
      return `the server's certificate is signed by a CA that is not known here (${code}); name its certificate: add &sslrootcert=/path/of/the/ca.pem behind sslmode=verify-full.`;
    if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
      return `the server's certificate is for another host name (${redactText(rest.reason ?? message)}); use a name that the certificate has, or give the server a certificate for this one.`;
    if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
      return `the server's certificate is not valid at this time (${code}); renew it, or set this machine's clock.`;
    if (code.startsWith('ERR_OSSL_') || code === 'ERR_SSL_NO_START_LINE')
      return `a file that sslrootcert, sslcert or sslkey names does not contain a certificate or key as PEM (${code}).`;
  }
  return undefined;
}

/** An error's own fields, of which some are not enumerable. */
function plain(error: Error & { code?: unknown }): { code: unknown; message: string; reason?: string } {
  const { reason } = error as { reason?: unknown };
  return { code: error.code, message: error.message, ...(typeof reason === 'string' && { reason }) };
}

function refusal(error: unknown, setting: string): string | undefined {
  const state = sqlState(error);
  const reason = redactText(
    errorChain(error)
      .map(({ message }) => message)
      .find((message) => message !== '') ?? '',
  );
  switch (state) {
    case '28P01':
      return `the database refuses the role or its password (${reason}); correct them.`;
    case '28000':
      return reason.includes('no encryption')
        ? `the database requires TLS (${reason}); add ?sslmode=verify-full.`
        : `the database does not let this role in (${reason}); give it LOGIN, and allow it in pg_hba.conf.`;
    case '3D000':
      return `the database does not exist (${reason}); correct the name after the host, or create it.`;
    case '42501':
      return setting === 'MIGRATION_DATABASE_URL'
        ? `its role is not allowed to (${reason}); name the role that owns the schema.`
        : `its role lacks privileges (${reason}); run \`aegis migrate up\` with MIGRATION_DATABASE_URL: it grants this role what it needs.`;
    case SqlState.readOnly:
      return `the database does not accept writes (${reason}); name the primary, or promote this standby.`;
    case '42P01':
      return `tables are missing (${reason}); run \`aegis migrate up\`.`;
    case undefined:
    default:
      return undefined;
  }
}
