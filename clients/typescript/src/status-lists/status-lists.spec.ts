import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fetchStatusList, type Refreshed, StatusListKeeper, statusListUri } from '../index';
import { jwkOf, k1, k2, license, listOf, NOW, uriOf } from '../vendor.fixture';
import { retryAfterOf } from './retry-after';
import type { StatusListKeeperOptions } from './status-list-keeper';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
const DATE = 'Tue, 03 Feb 2026 19:12:10 GMT';

/** A server that answers as the test says. */
const server = createServer((request, response) => {
  response.setHeader('Date', DATE);
  handler(request, response);
});
let handler: Handler;
let url: string;

beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const answers =
  (status: number, body = '', headers: Record<string, string> = {}): Handler =>
  (_, response) => {
    response.writeHead(status, headers).end(body);
  };

describe('fetchStatusList', () => {
  it('answers with the text, its entity tag, and what the server says that the date is', async () => {
    let asked: IncomingMessage['headers'] = {};
    handler = (request, response) => {
      asked = request.headers;
      answers(200, 'a list', { etag: '"5"' })(request, response);
    };
    expect(await fetchStatusList(url)).toEqual({
      outcome: 'fetched',
      text: 'a list',
      etag: '"5"',
      serverDate: DATE,
    });
    expect(asked.accept).toBe('application/statuslist+jwt');
    expect(asked).not.toHaveProperty('if-none-match');
  });

  it('asks for what is newer than an entity tag', async () => {
    handler = (request, response) => {
      answers(request.headers['if-none-match'] === '"5"' ? 304 : 200)(request, response);
    };
    expect(await fetchStatusList(url, { etag: '"5"' })).toEqual({ outcome: 'unchanged', serverDate: DATE });
  });

  it.each([
    [404, {}, null],
    [429, { 'retry-after': '7' }, 7],
    [503, { 'retry-after': 'Tue, 03 Feb 2026 19:12:40 GMT' }, 30],
  ])('fails with the status %i, and says how long to wait', async (status, headers, retryAfter) => {
    handler = answers(status, 'x'.repeat(1_000), headers);
    expect(await fetchStatusList(url)).toEqual({
      outcome: 'failed',
      reason: 'status',
      httpStatus: status,
      retryAfter,
      serverDate: DATE,
    });
  });

  it('stops reading at the limit', async () => {
    handler = answers(200, 'x'.repeat(100));
    expect(await fetchStatusList(url, { maxBytes: 100 })).toMatchObject({ outcome: 'fetched' });
    expect(await fetchStatusList(url, { maxBytes: 99 })).toMatchObject({ reason: 'too_large' });
    handler = (_, response) => {
      // Without an end: what is read must stop by itself.
      const chunk = Buffer.alloc(65_536, 'x');
      const write = (): void => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once('drain', write);
      };
      write();
    };
    expect(await fetchStatusList(url)).toMatchObject({ outcome: 'failed', reason: 'too_large' });
  });

  it('ends after its time, before an answer and within one', async () => {
    handler = () => undefined;
    expect(await fetchStatusList(url, { timeoutMs: 50 })).toMatchObject({
      reason: 'timeout',
      httpStatus: null,
    });
    handler = (_, response) => void response.writeHead(200).write('a');
    expect(await fetchStatusList(url, { timeoutMs: 50 })).toMatchObject({
      outcome: 'failed',
      reason: 'timeout',
    });
  });

  it('fails without a network, and with an address that is not one', async () => {
    for (const address of ['http://127.0.0.1:1/', 'nonsense'])
      expect(await fetchStatusList(address)).toEqual({
        outcome: 'failed',
        reason: 'network',
        httpStatus: null,
        retryAfter: null,
        serverDate: null,
      });
  });
});

describe('Retry-After', () => {
  it.each<[Record<string, string>, number | null]>([
    [{}, null],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': ' 120 ' }, 120],
    [{ 'retry-after': '999999' }, 86_400],
    [{ 'retry-after': '-5' }, null],
    [{ 'retry-after': 'soon' }, null],
    [{ 'retry-after': 'Tue, 03 Feb 2026 19:12:40 GMT', date: DATE }, 30],
    [{ 'retry-after': 'Tue, 03 Feb 2026 19:00:00 GMT', date: DATE }, 0],
    [{ 'retry-after': 'Tue, 03 Feb 2026 19:12:40 GMT' }, null],
  ])('of %j is %s', (headers, seconds) => {
    expect(retryAfterOf(new Headers(headers))).toBe(seconds);
  });
});

describe('statusListUri', () => {
  it.each([
    [uriOf(1), license()],
    [uriOf(1), ` ${license()}\n`],
    [null, license({ status: undefined })],
    [null, license({ status: { status_list: { idx: 0, uri: 'file:///etc/passwd' } } })],
    [null, license({ status: { status_list: { idx: 0, uri: 'https://' } } })],
    [null, 'nonsense'],
    [null, undefined],
    // Anyone can write an address into a text, also one that only this machine reaches.
    [null, license({}, k2)],
    [null, license().replace(/.{20}$/, 'A'.repeat(20))],
  ])('is %s', async (uri, token) => {
    expect(await statusListUri(token, [jwkOf(k1)])).toBe(uri);
  });

  it('names a wrong option', async () => {
    await expect(statusListUri(license(), [] as never)).resolves.toBeNull();
    await expect(statusListUri(license(), undefined as never)).rejects.toThrow('keys');
  });
});

describe('a keeper of a status list', () => {
  /** Answers of the server, in their order; the last one repeats. */
  let served: (Response | Error)[];
  let saved: string[];
  let planned: { work: () => void; delayMs: number } | null;
  let asked: Headers[];
  let now: number;

  beforeEach(() => {
    [served, saved, planned, asked, now] = [[], [], null, [], NOW];
  });

  const listed = (text: string, etag = '"1"'): Response => new Response(text, { headers: { etag } });

  function keeperOf(different: Partial<StatusListKeeperOptions> = {}): StatusListKeeper {
    return new StatusListKeeper({
      uri: uriOf(1),
      keys: [jwkOf(k1)],
      storage: { load: () => saved.at(-1) ?? null, save: (text) => saved.push(text) },
      fetch: (_, init) => {
        asked.push(new Headers(init?.headers));
        const answer = served.shift();
        if (answer === undefined || answer instanceof Error)
          return Promise.reject(answer ?? new Error('away'));
        return Promise.resolve(answer);
      },
      now: () => now,
      random: () => 0.5,
      schedule: (work, delayMs) => {
        planned = { work, delayMs };
        return () => (planned = null);
      },
      ...different,
    });
  }

  /** Lets the planned work happen, and waits for its result. */
  async function nextOf(made: (onRefresh: (result: Refreshed) => void) => StatusListKeeper): Promise<{
    keeper: StatusListKeeper;
    next: () => Promise<Refreshed>;
  }> {
    let onResult: (result: Refreshed) => void = () => undefined;
    const keeper = made((result) => {
      onResult(result);
    });
    await keeper.start();
    const next = async (): Promise<Refreshed> => {
      const result = new Promise<Refreshed>((resolve) => (onResult = resolve));
      planned?.work();
      const refreshed = await result;
      // The plan is made after the callback.
      await new Promise(setImmediate);
      return refreshed;
    };
    return { keeper, next };
  }

  it('keeps a list that a trusted key signed, and saves it', async () => {
    const keeper = keeperOf();
    served = [listed(listOf(1, 0))];
    expect(await keeper.refresh()).toEqual({ outcome: 'kept', serverDate: null });
    expect(keeper.statusList).toBe(listOf(1, 0));
    expect(saved).toEqual([listOf(1, 0)]);
  });

  it.each<[string, string]>([
    ['invalid', 'nonsense'],
    ['invalid', listOf(1, 0, 0, {}, k2)],
    ['invalid', license()],
    ['other_list', listOf(2, 0)],
    ['older', listOf(1, 0, 101)],
    ['from_the_future', listOf(1, 0, -61)],
  ])('does not replace the last good one by one that is %s', async (reason, text) => {
    const keeper = keeperOf();
    served = [listed(listOf(1, 1, 100)), listed(text)];
    await keeper.refresh();
    expect(await keeper.refresh()).toMatchObject({ outcome: 'refused', reason });
    expect(keeper.statusList).toBe(listOf(1, 1, 100));
    expect(saved).toHaveLength(1);
  });

  it('keeps the last good one while the server cannot be reached, and asks with its entity tag', async () => {
    const keeper = keeperOf();
    served = [listed(listOf(1, 0), '"7"'), new Error('away'), new Response(null, { status: 304 })];
    await keeper.refresh();
    expect(await keeper.refresh()).toMatchObject({ outcome: 'failed', reason: 'network' });
    expect(await keeper.refresh()).toMatchObject({ outcome: 'unchanged' });
    expect(keeper.statusList).toBe(listOf(1, 0));
    expect(asked.map((headers) => headers.get('if-none-match'))).toEqual([null, '"7"', '"7"']);
  });

  it('begins with the one that was saved, and asks for another once that is not fresh', async () => {
    saved = [listOf(1, 0, 100)];
    const keeper = keeperOf();
    await keeper.start();
    expect(keeper.statusList).toBe(saved[0]);
    expect(planned?.delayMs).toBe(220_000);
  });

  it('keeps what was saved where the clock was set back: an older list does not replace it', async () => {
    saved = [listOf(1, 1)];
    now = NOW - 10_000;
    served = [listed(listOf(1, 0, 10_000))];
    const keeper = keeperOf();
    await keeper.start();
    expect(await keeper.refresh()).toMatchObject({ outcome: 'refused', reason: 'older' });
    expect([keeper.statusList, saved]).toEqual([listOf(1, 1), [listOf(1, 1)]]);
  });

  it('asks within an hour where the saved list is fresh for years, which no timer of the platform takes', async () => {
    saved = [listOf(1, 0, 0, { ttl: undefined, exp: 253_402_300_799 })];
    await keeperOf().start();
    expect(planned?.delayMs).toBe(3_960_000);
  });

  it.each(['nonsense', listOf(2, 0), 5, null])('begins without one where %j was saved', async (text) => {
    const keeper = keeperOf({ storage: { load: () => text, save: () => undefined } });
    await keeper.start();
    expect(keeper.statusList).toBeUndefined();
    expect(planned?.delayMs).toBe(0);
  });

  it('asks after each ttl, later each time without success, and as late as the server says', async () => {
    const { next } = await nextOf((onRefresh) => keeperOf({ onRefresh }));
    const delay = (): number => Math.round((planned?.delayMs ?? NaN) / 1_100);
    served = [listed(listOf(1, 0))];
    expect((await next()).outcome).toBe('kept');
    expect(delay()).toBe(300);
    for (const expected of [60, 120, 240]) {
      expect((await next()).outcome).toBe('failed');
      expect(delay()).toBe(expected);
    }
    served = [new Response('', { status: 503, headers: { 'retry-after': '5000' } })];
    await next();
    expect(delay()).toBe(5_000);
    served = [listed(listOf(1, 0, -10))];
    expect((await next()).outcome).toBe('kept');
    expect(delay()).toBe(300);
    for (let failure = 0; failure < 20; failure += 1) await next();
    expect(delay()).toBe(3_600);
  });

  it('continues after a callback that throws, and ends when it is stopped', async () => {
    let calls = 0;
    const { keeper, next } = await nextOf((onResult) =>
      keeperOf({
        onRefresh: (result) => {
          calls += 1;
          onResult(result);
          throw new Error('mistake');
        },
      }),
    );
    await next();
    await next();
    expect([calls, planned === null]).toEqual([2, false]);
    keeper.stop();
    expect(planned).toBeNull();
  });

  it('works where its storage fails', async () => {
    const fails = (): never => {
      throw new Error('disk full');
    };
    const keeper = keeperOf({ storage: { load: fails, save: fails } });
    await keeper.start();
    served = [listed(listOf(1, 0))];
    expect((await keeper.refresh()).outcome).toBe('kept');
    expect(keeper.statusList).toBe(listOf(1, 0));
  });

  it('refuses options by their names', () => {
    expect(() => keeperOf({ uri: undefined })).toThrow(/^uri/);
    expect(() => keeperOf({ keys: {} as never })).toThrow(/^keys/);
  });
});
