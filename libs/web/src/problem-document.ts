import { PROBLEMS, type DomainError, type ErrorCode, type FieldError } from '@aegis/errors';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** A problem document (RFC 9457) as it is sent; `ProblemDto` explains its fields. */
export interface ProblemDocument {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: ErrorCode;
  request_id: string;
  errors?: FieldError[];
}

/**
 * Makes the problem document (RFC 9457) of an error.
 * @param publicUrl PUBLIC_URL
 * @param request path of the request as it came in (a query is cut off), and its id
 */
export function problemDocument(
  { code, message, errors }: DomainError,
  publicUrl: string,
  request: { url: string; id: string },
): ProblemDocument {
  const { status, title } = PROBLEMS[code];
  return {
    type: `${publicUrl}/problems/${code}`,
    title,
    status,
    detail: message,
    instance: request.url.split('?', 1)[0] ?? '/',
    code,
    request_id: request.id,
    ...(errors && { errors: [...errors] }),
  };
}
