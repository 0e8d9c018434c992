/** Why a line is not imported; stable, for scripts. */
export type RefusalCode =
  | 'malformed_line'
  | 'unknown_field'
  | 'invalid_field'
  | 'malformed_token'
  | 'unknown_key'
  | 'signature_invalid'
  | 'key_compromised'
  | 'issuer_mismatch'
  | 'invalid_claims'
  | 'license_mismatch'
  | 'customer_mismatch'
  | 'unknown_event'
  | 'customer_deleted'
  | 'conflict'
  | 'refused_by_database';

/** What keeps a line from being imported. The message contains no token and no personal value. */
export class LineRefused extends Error {
  override readonly name = 'LineRefused';

  constructor(
    readonly code: RefusalCode,
    message: string,
  ) {
    super(message);
  }
}

/** A refusal as it is reported: `line 3: unknown_key: …`. */
export interface Refusal {
  /** From 1. */
  line: number;
  code: RefusalCode;
  message: string;
}

/** A name from the file as it may be shown: someone may have put a value where a name belongs. */
export function shownName(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_.-]{0,39}$/.test(name) ? name : '(a name that is not shown)';
}

/** Runs a check whose refusal is an answer like any other. */
export async function asRefusal<T>(check: () => Promise<T> | T): Promise<T | LineRefused> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof LineRefused) return error;
    throw error;
  }
}
