/** Answers are short; anything longer is not an answer. */
const LONGEST_ANSWER_BYTES = 256 * 1024;

export interface JsonRequest {
  method: 'GET' | 'POST';
  headers?: Readonly<Record<string, string>>;
  /** Sent as it is. */
  body?: string;
  signal: AbortSignal;
}

export interface JsonAnswer {
  status: number;
  /** undefined when it is not JSON. */
  body: unknown;
}

/**
 * Asks a service that answers in JSON. Redirects are not followed: the request's secrets belong to one server.
 * @throws TypeError (unreachable, redirected), DOMException (`signal` aborted), Error (endless answer)
 */
export async function requestJson(url: string, { signal, ...request }: JsonRequest): Promise<JsonAnswer> {
  const response = await fetch(url, { ...request, signal, redirect: 'error' });
  const text = await readText(response);
  try {
    return { status: response.status, body: JSON.parse(text) as unknown };
  } catch {
    return { status: response.status, body: undefined };
  }
}

/** Reads a field of an answer, whatever the answer is: `pick(body, 'data', 'signature')`. */
export function pick(body: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, name) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, name)
        ? (value as Record<string, unknown>)[name]
        : undefined,
    body,
  );
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > LONGEST_ANSWER_BYTES) throw new Error('The answer is longer than any that was expected.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
