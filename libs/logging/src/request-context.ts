import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Who was identified, and by what. Each change that a request makes judges it again, in the transaction of the change
 * (`transaction` in libs/database).
 */
export interface RequestCaller {
  /** What the database looks up to judge it. */
  readonly kind: 'api_key';
  /** Public id, unique within its kind. */
  readonly id: string;
  /**
   * Stored hashes that the presented secret has, 32 bytes each in hex: while the database has one of them, it counts.
   * Empty where a session was presented in its place.
   */
  readonly proofs: readonly string[];
  /** Id of the session by which the caller was identified; null where it sent its own secret. */
  readonly sessionId: string | null;
  /** What it could do when it was identified. */
  readonly scopes: readonly string[];
}

/** Who and what a request is, known to everything that runs on its behalf. */
export interface RequestContext {
  readonly requestId: string;
  /** `traceparent` trace id (W3C Trace Context), 32 hex digits. */
  readonly traceId: string;
  /** Span of the request, 16 hex digits; null where traces are off. */
  readonly spanId: string | null;
  /** The caller's address; behind a trusted proxy the one that the proxy names. */
  readonly ip: string | null;
  readonly userAgent: string | null;
  /** Public id of the API key, once it is authenticated. */
  apiKeyId: string | null;
  /** More fields of the request's line in the access log. */
  accessFields: AccessFields | null;
  /** Set once it is identified; absent for callers without a credential. */
  caller?: RequestCaller | undefined;
}

/** What a handler adds to the access log: codes and ids, never personal values or secrets. */
export type AccessFields = Readonly<Record<string, string | number | null>>;

const storage = new AsyncLocalStorage<RequestContext | undefined>();

/**
 * Runs `work` on behalf of a request; everything it awaits sees `context`.
 * @param context undefined: on behalf of none
 */
export function runInRequest<T>(context: RequestContext | undefined, work: () => T): T {
  return storage.run(context, work);
}

/**
 * Runs work that is done for several requests at once, or for none: it does not get the context of the one that began it, so
 * that no log line names a request, and no transaction judges a caller, that has nothing to do with it.
 */
export function runOutsideRequests<T>(work: () => T): T {
  return runInRequest(undefined, work);
}

/** The request that is served here, or undefined outside of one (start, timers, command line). */
export function currentRequest(): RequestContext | undefined {
  return storage.getStore();
}

/** Adds fields to the access log's line of the request that is served here; does nothing outside of one. */
export function addAccessFields(fields: AccessFields): void {
  const request = storage.getStore();
  if (request) request.accessFields = request.accessFields ? { ...request.accessFields, ...fields } : fields;
}
