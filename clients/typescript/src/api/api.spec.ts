import { aegisApi, type aegisClient, AegisProblem, dataOf, pagesOf, type ResilienceOptions } from './index';

const SOMETHING = { limit: 5 };
const problem = (status: number, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify({ code: 'rate_limited', detail: 'Too many.', status }), {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  });

describe('the API client that tries again', () => {
  let asked: Request[];
  let waits: number[];
  let answers: (Response | Error)[];
  beforeEach(() => {
    [asked, waits, answers] = [[], [], []];
  });

  const clientOf = (options: ResilienceOptions = {}): ReturnType<typeof aegisClient> =>
    aegisApi({
      baseUrl: 'https://license.example',
      apiKey: 'secret',
      resilience: {
        fetch: (request) => {
          asked.push(request);
          const answer = answers.shift() ?? Response.json(SOMETHING);
          return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
        },
        wait: (ms) => {
          waits.push(ms);
          return Promise.resolve();
        },
        random: () => 0.5,
        ...options,
      },
    });
  const issue = (client = clientOf()): Promise<{ response: Response }> =>
    client.POST('/api/v1/customers', { body: { id: 'acme', name: 'Acme' } });

  it('repeats what failed on the way, with the same body and Idempotency-Key', async () => {
    answers = [new Error('reset'), problem(503), problem(429)];
    expect((await issue()).response.status).toBe(200);
    expect(waits).toEqual([750, 1_500, 3_000]);
    const keys = asked.map(({ headers }) => headers.get('idempotency-key'));
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
    for (const request of asked) {
      expect(await request.json()).toEqual({ id: 'acme', name: 'Acme' });
      expect(request.headers.get('x-api-key')).toBe('secret');
    }
  });

  it('gives each request a key of its own, and keeps one that is given', async () => {
    await issue();
    await issue();
    const [one, other] = asked.map(({ headers }) => headers.get('idempotency-key'));
    expect(one).not.toBe(other);
    await clientOf().POST('/api/v1/customers', {
      body: { id: 'acme', name: 'Acme' },
      params: { header: { 'Idempotency-Key': 'order-4711' } },
    });
    expect(asked[2]!.headers.get('idempotency-key')).toBe('order-4711');
  });

  it('waits as long as Retry-After says, unless that is too long', async () => {
    answers = [problem(429, { 'retry-after': '20' })];
    await clientOf().GET('/info');
    expect(waits).toEqual([21_000]);
    answers = [problem(503, { 'retry-after': '61' })];
    expect((await clientOf().GET('/info')).response.status).toBe(503);
    expect(asked).toHaveLength(3);
  });

  it('gives up after its attempts, and repeats no PATCH, no other error', async () => {
    answers = Array.from({ length: 4 }, () => problem(503));
    expect((await clientOf().GET('/info')).response.status).toBe(503);
    expect(asked).toHaveLength(4);
    answers = [problem(503), problem(500), problem(409)];
    await clientOf().PATCH('/api/v1/customers/{id}', {
      params: { path: { id: 'acme' } },
      body: { name: 'A' },
    });
    await clientOf().GET('/info');
    await issue();
    expect(asked).toHaveLength(7);
  });

  it('ends an attempt after its time, and all of them when the caller gives up', async () => {
    const hangs = (request: Request): Promise<Response> =>
      new Promise((_, reject) => {
        asked.push(request);
        request.signal.addEventListener('abort', () => {
          reject(request.signal.reason as Error);
        });
      });
    await expect(clientOf({ fetch: hangs, timeoutMs: 20, attempts: 2 }).GET('/info')).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    expect(asked).toHaveLength(2);
    const abort = new AbortController();
    const given = clientOf({ fetch: hangs }).GET('/info', { signal: abort.signal });
    abort.abort();
    await expect(given).rejects.toMatchObject({ name: 'AbortError' });
    expect(asked.length).toBeLessThanOrEqual(3);
  });

  it('throws the problem of an answer, typed', async () => {
    expect(dataOf(await clientOf().GET('/info'))).toEqual(SOMETHING);
    answers = [problem(404)];
    const result = await clientOf().GET('/info');
    expect(() => dataOf(result)).toThrow(AegisProblem);
    expect(() => dataOf(result)).toThrow('rate_limited: Too many.');
    const elsewhere = { error: '<html>', response: new Response('', { status: 502 }) };
    expect(() => dataOf(elsewhere)).toThrow('The server answered 502.');
  });

  it('walks through the pages of a list', async () => {
    const cursors: (string | undefined)[] = [];
    const read = (cursor: string | undefined): Promise<{ items: number[]; next_cursor: string | null }> => {
      cursors.push(cursor);
      return Promise.resolve({
        items: [cursors.length],
        next_cursor: cursors.length < 3 ? `c${cursors.length}` : null,
      });
    };
    const items: number[] = [];
    for await (const page of pagesOf(read)) items.push(...page.items);
    expect([items, cursors]).toEqual([
      [1, 2, 3],
      [undefined, 'c1', 'c2'],
    ]);
  });
});
