import type { ErrorCode } from './problems';

/** One broken rule of an input: which field, and the rule in words. */
export interface FieldError {
  /** Path of the field as the caller wrote it, e.g. `customer_id` or `items.3.token`. */
  field: string;
  message: string;
}

/**
 * Base of every error that a caller may see. A lib declares its subclasses next to its service; the lib http
 * alone turns them into problem documents (RFC 9457), by `code` and the catalogue `PROBLEMS`.
 * `message` is shown to the caller as `detail`: it names no secret and no personal value.
 */
export abstract class DomainError extends Error {
  abstract readonly code: ErrorCode;
  /** Broken fields, all at once. */
  readonly errors?: readonly FieldError[];
  /** Further members of the problem document (RFC 9457 section 3.2), by the names that callers see. */
  readonly members?: Readonly<Record<string, unknown>>;
  /** Seconds after which a retry makes sense; answered as `Retry-After`. */
  readonly retryAfterSeconds?: number;

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
  }
}
