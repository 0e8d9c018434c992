/** What the server says when it refuses (RFC 9457). */
export interface Problem {
  code: string;
  title: string;
  detail: string;
  status: number;
  request_id?: string;
  errors?: { field: string; message: string }[];
}

/** Codes whose detail is about one field of a form, where the server names none. */
const FIELD_OF: Readonly<Record<string, string>> = {
  customer_exists: 'id',
  customer_inactive: 'customer_id',
  customer_not_found: 'customer_id',
};

/** A request that the server refused. */
export class ProblemError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }

  /** @param body of the answer, as far as it could be read */
  static from(body: unknown, response: Response): ProblemError {
    const { status } = response;
    const known = typeof body === 'object' && body !== null ? (body as Partial<Problem>) : {};
    const title = known.title ?? `HTTP ${status}`;
    return new ProblemError({ code: 'unknown', detail: title, ...known, title, status });
  }

  /** What to show at which field of a form: the first message of each. */
  fields(names: readonly string[]): Record<string, string> {
    const { code, detail, errors = [] } = this.problem;
    const found: Record<string, string> = {};
    for (const { field, message } of errors) {
      const name = names.find((one) => field === one || field.startsWith(`${one}.`));
      if (name !== undefined) found[name] ??= message;
    }
    const named = FIELD_OF[code];
    if (named !== undefined && names.includes(named)) found[named] ??= detail;
    return found;
  }
}

/** A request that got no answer. */
export class Unreachable extends Error {
  constructor() {
    super('no answer');
  }
}
