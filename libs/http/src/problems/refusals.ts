import { isConnectionRefused, isDatabaseUnavailable } from '@aegis/database';
import { DomainError, type ErrorCode } from '@aegis/errors';
import { HttpException } from '@nestjs/common';
import { FrameworkRefusal } from './http.errors';

const RETRY_SECONDS = 1;

/** The framework's refusals, by status, in our words: its own may repeat what was sent. */
const BY_STATUS: ReadonlyMap<number, readonly [ErrorCode, string]> = new Map([
  [400, ['invalid_request', 'The request cannot be read.']],
  [401, ['unauthorized', 'The request is not authenticated.']],
  [403, ['insufficient_scope', 'The request is not allowed.']],
  [404, ['not_found', 'No route has this method and path.']],
  [405, ['method_not_allowed', 'The route does not have this method; see `Allow`.']],
  [406, ['not_acceptable', 'The route cannot answer in a media type that `Accept` names.']],
  [408, ['request_timeout', 'The request did not arrive in time.']],
  [409, ['conflict', 'The request conflicts with the current state of the resource.']],
  [413, ['payload_too_large', 'The body is larger than this route accepts.']],
  [
    415,
    ['unsupported_media_type', 'Send the body as `application/json` in UTF-8, without content encoding.'],
  ],
  [422, ['validation_failed', 'The request breaks a rule.']],
  [429, ['rate_limited', 'Too many requests.']],
  [431, ['headers_too_large', 'The request headers are too large.']],
  [503, ['service_unavailable', 'The service is not available at the moment.']],
]);

/**
 * Says of anything that was thrown what the caller may know of it.
 * @returns a domain error as it is; the framework's refusals in our words; 503 while the database cannot be reached;
 * for everything else 500, without the reason
 */
export function refusalOf(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  const isDatabaseGone = isDatabaseUnavailable(error) || isConnectionRefused(error);
  if (isDatabaseGone && !(error instanceof HttpException) && !isRefusedInput(error))
    return new FrameworkRefusal(
      'service_unavailable',
      'The database cannot be reached. Retry in a moment.',
      RETRY_SECONDS,
      error,
    );
  return refusalByStatus(statusOf(error), error);
}

/** The refusal that goes with an HTTP status below 500, or 503; 500 for any other. */
export function refusalByStatus(status: number, cause?: unknown): DomainError {
  const [code, detail] = BY_STATUS.get(status) ??
    (status >= 400 && status < 500 ? BY_STATUS.get(400) : undefined) ?? [
      'internal_error' as const,
      'Something failed on our side. The log has the reason under this request id.',
    ];
  const retryAfter = status === 429 || status === 503 ? RETRY_SECONDS : undefined;
  return new FrameworkRefusal(code, detail, retryAfter, cause);
}

/** Express and its router mark errors that the caller caused with a status and `expose`. */
function isRefusedInput(error: unknown): error is { status: number } {
  return (
    error instanceof Error && 'status' in error && typeof error.status === 'number' && error.status < 500
  );
}

function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  return isRefusedInput(error) ? error.status : 500;
}
