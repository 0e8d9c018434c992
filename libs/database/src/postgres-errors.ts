import { isNativeError } from 'node:util/types';

/** SQLSTATE codes that the code acts on (PostgreSQL, appendix A). */
export const SqlState = {
  foreignKeyViolation: '23503',
  uniqueViolation: '23505',
  serializationFailure: '40001',
  deadlockDetected: '40P01',
  lockNotAvailable: '55P03',
  readOnly: '25006',
  diskFull: '53100',
  configurationLimitExceeded: '53400',
  queryCanceled: '57014',
} as const;

/**
 * Classes that blame the state of the database's machine: no connection, out of disk, memory or connections, an error of a
 * file.
 */
const UNAVAILABLE_CLASSES = /^(08|53|58)/;
const UNAVAILABLE_STATES = new Set([
  '55P03', // a lock was not acquired in DB_LOCK_TIMEOUT_MS
  '57014', // DB_STATEMENT_TIMEOUT_MS ran out
  '57P01',
  '57P02',
  '57P03',
  '57P05', // shutting down, crashed, starting up, idle session ended
  '25P03', // idle in transaction for too long
  '25006', // read only: a replica that was just demoted
]);
/**
 * PostgreSQL's own sources that read and write its files, which an error names. A file system that turned read-only
 * gives 42501 there, as a missing privilege does; a disk quota XX000.
 */
const STORAGE_SOURCES = new Set(['buffile.c', 'fd.c', 'md.c', 'slru.c', 'smgr.c', 'xlog.c']);
const UNAVAILABLE_ERRNO = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
// What the pool, the driver and TypeORM throw without any code; the last two are TypeORM's words for a connection that
// was lost between two statements of a transaction.
const UNAVAILABLE_MESSAGES =
  /^(timeout exceeded when trying to connect|timeout expired$|Connection terminated|Query read timeout|Client has encountered a connection error|Cannot use a pool after calling end|Driver not Connected|Query runner already released|Database connection provided by a query runner was already released)/i;

/** An error, and what it was caused by. */
export function errorChain(
  error: unknown,
): (Error & { code?: unknown; constraint?: unknown; syscall?: unknown; file?: unknown })[] {
  const errors = [];
  for (let current = error; isNativeError(current) && errors.length < 5;) {
    errors.push(current);
    const { driverError } = current as { driverError?: unknown };
    current = driverError !== current && isNativeError(driverError) ? driverError : current.cause;
  }
  return errors;
}

/** The SQLSTATE of an error from the driver or from TypeORM around it, or undefined. */
export function sqlState(error: unknown): string | undefined {
  return errorChain(error)
    .map(({ code }) => code)
    .find((code): code is string => typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code));
}

/** Whether the database refused a row for this constraint or unique index. */
export function violatesConstraint(error: unknown, constraint: string): boolean {
  return errorChain(error).some((link) => link.constraint === constraint);
}

/** Classes that blame what a statement was given: data exception, constraint violation, program limit exceeded. */
const REFUSED_INPUT = /^(22|23|54)/;

/**
 * Whether the database refused the input, and so wrote nothing: the same input is refused again, another one may be
 * accepted. Never true where the outcome is unknown, as after the loss of a connection.
 */
export function isInputRefused(error: unknown): boolean {
  return REFUSED_INPUT.test(sqlState(error) ?? '');
}

/** What the pool and the driver say when no connection could be had in time, or no answer came. */
const WAITED_WITHOUT_SUCCESS =
  /^(timeout exceeded when trying to connect|Connection terminated due to connection timeout|Query read timeout)/;

/** Whether all the time ran out that anyone may wait for a connection or for an answer (docs/reliability.md). */
export function isWaitOver(error: unknown): boolean {
  return errorChain(error).some(({ message }) => WAITED_WITHOUT_SUCCESS.test(message));
}

/** What a connection is refused with because of the role, its password, or the database that it names. */
const REFUSED_CONNECTION = new Set(['28000', '28P01', '3D000', '55000', '57P04']);

/**
 * Whether the database refused a connection: at a start the settings are to blame, and a person has to correct them.
 * For a running server, somebody changed the role or the database meanwhile, and it can continue when that is undone.
 */
export function isConnectionRefused(error: unknown): boolean {
  return REFUSED_CONNECTION.has(sqlState(error) ?? '');
}

/**
 * SQLSTATEs after which a commit may still have been made: the database ends, crashes, or is out of something that it
 * needs.
 */
const OPEN_COMMIT = /^(08|53|57P|58|XX)/;

/**
 * Whether a commit that failed with this error may have been made. A commit that PostgreSQL refuses because of its
 * input was not made. A server that can't write its log to the end (53100, 58030) may have written the commit before,
 * and crashes.
 */
export function mayHaveCommitted(error: unknown): boolean {
  const state = sqlState(error);
  return state === undefined
    ? isDatabaseUnavailable(error)
    : OPEN_COMMIT.test(state) || isStorageError(error);
}

/** Whether PostgreSQL could not read or write one of its files, for any reason. */
function isStorageError(error: unknown): boolean {
  return errorChain(error).some(({ file }) => typeof file === 'string' && STORAGE_SOURCES.has(file));
}

/** Whether the database cannot be reached or overloaded: the same request may succeed a moment later. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (isStorageError(error)) return true;
  return errorChain(error).some(({ code, message, syscall }) => {
    // The file of a Unix socket is there while the server runs.
    if (code === 'ENOENT' && syscall === 'connect') return true;
    if (typeof code === 'string')
      return UNAVAILABLE_CLASSES.test(code) || UNAVAILABLE_STATES.has(code) || UNAVAILABLE_ERRNO.has(code);
    return UNAVAILABLE_MESSAGES.test(message);
  });
}
