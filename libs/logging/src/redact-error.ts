import { redactText } from './redact-text';

/** Classes of SQLSTATE whose messages name tables, columns, roles and limits, never what a row holds. */
const SPEAKS_OF_NO_ROW = /^(08|23|25|28|3D|40|42|53|55|57|58|XX)/;
/** A message of a function or trigger may quote whatever it likes, under any SQLSTATE. */
const RAISED = 'exec_stmt_raise';
const WITHHELD = '(message withheld: it may quote values)';

/** An error as it may be logged. */
export interface RedactedError {
  type: string;
  message: string;
  code?: string;
  constraint?: string;
  table?: string;
  column?: string;
  routine?: string;
  /** Frames alone, one a line. */
  stack?: string;
  cause?: unknown;
}

/**
 * Copies an error without quotes of a row or a request: it leaves out the driver's `detail`, `parameters` and
 * `query`, and a message that contains values.
 * @param redactCause for `error.cause`
 */
export function redactError(error: Error, redactCause: (cause: unknown) => unknown): RedactedError {
  const facts = error as Error & Record<string, unknown>;
  const redacted: RedactedError = { type: error.name, message: messageOf(facts) };
  for (const field of ['code', 'constraint', 'table', 'column', 'routine'] as const) {
    const fact = facts[field];
    if (typeof fact === 'string') redacted[field] = redactText(fact);
  }
  const frames = framesOf(error);
  if (frames !== '') redacted.stack = frames;
  if (error.cause !== undefined) redacted.cause = redactCause(error.cause);
  return redacted;
}

function messageOf(error: Error & Record<string, unknown>): string {
  const { code, severity, routine } = error;
  if (typeof code === 'string' && typeof severity === 'string')
    return SPEAKS_OF_NO_ROW.test(code) && routine !== RAISED ? redactText(error.message) : WITHHELD;
  // Both quote what they were given.
  if (error.name === 'SyntaxError' || (typeof code === 'string' && code.startsWith('ERR_INVALID_')))
    return WITHHELD;
  return redactText(error.message);
}

/** The stack's first lines repeat the message. */
function framesOf({ stack = '', message }: Error): string {
  const end = stack.indexOf(message);
  const after = end === -1 ? stack : stack.slice(end + message.length);
  return redactText(
    after
      .split('\n')
      .filter((line) => /^\s+at /.test(line))
      .map((line) => line.trim())
      .join('\n'),
  );
}
