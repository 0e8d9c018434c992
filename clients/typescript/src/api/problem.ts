import type { components } from '../../schema.d';

/** The body of an error (RFC 9457). */
export type Problem = components['schemas']['Problem'];

/** An error that the server answered. */
export class AegisProblem extends Error {
  override readonly name = 'AegisProblem';

  constructor(
    readonly status: number,
    /** Null where what answered is not the server, or a redirect; `status` is then 3xx, in browsers 0. */
    readonly problem: Problem | null,
  ) {
    super(problem === null ? `The server answered ${status}.` : `${problem.code}: ${problem.detail}`);
  }

  /** Stable code of the problem. */
  get code(): Problem['code'] | null {
    return this.problem?.code ?? null;
  }
}

/**
 * What a call of `aegisClient` answered.
 * @throws AegisProblem where it answered an error
 */
export function dataOf<Data>({
  data,
  error,
  response,
}: {
  data?: Data;
  error?: unknown;
  response: Response;
}): Data {
  if (response.ok) return data as Data;
  throw new AegisProblem(response.status, isProblem(error) ? error : null);
}

function isProblem(error: unknown): error is Problem {
  return typeof error === 'object' && error !== null && 'code' in error && 'detail' in error;
}
