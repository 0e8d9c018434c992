import { type DomainError, type ErrorCode, type FieldError, PROBLEMS, shortened } from '@aegis/errors';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** Longer than any path of the contract: what is beyond was made up, and is not repeated. */
const LONGEST_INSTANCE = 1_024;
const LONGEST_DETAIL = 1_000;

/** A problem document (RFC 9457) as it is sent, besides the members of single codes; `ProblemDto` explains its fields. */
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
 * @param request path of the request as it came in, and its id; a query is cut off, and so is a path after 1,024
 * characters
 */
export function problemDocument(
  { code, message, errors, members }: DomainError,
  publicUrl: string,
  request: { url: string; id: string },
): ProblemDocument {
  const { status, title } = PROBLEMS[code];
  return {
    ...members,
    type: `${publicUrl}/problems/${code}`,
    title,
    status,
    detail: shortened(message, LONGEST_DETAIL),
    instance: (request.url.split('?', 1)[0] ?? '/').slice(0, LONGEST_INSTANCE),
    code,
    request_id: request.id,
    ...(errors && { errors: [...errors] }),
  };
}
