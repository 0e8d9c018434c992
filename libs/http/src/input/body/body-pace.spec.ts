import { PassThrough } from 'node:stream';
import type { Request } from 'express';
import { readBytes } from './body-bytes';

const LIMIT = 64 * 1024;

/** A body that comes as the test writes it. */
function coming(): PassThrough & Request {
  return Object.assign(new PassThrough(), { headers: {}, complete: false }) as unknown as PassThrough &
    Request;
}

describe('the time that a body may take', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  /** How a body is read of which so many bytes come at once, and nothing more. */
  async function outcomes(bytes: number, limit = LIMIT): Promise<{ after(ms: number): Promise<string> }> {
    const body = coming();
    let outcome = 'waits';
    void readBytes(body, limit).then(
      () => (outcome = 'read'),
      (error: unknown) => (outcome = (error as { code: string }).code),
    );
    if (bytes > 0) body.write(Buffer.alloc(bytes));
    await turn();
    return {
      async after(ms) {
        jest.advanceTimersByTime(ms);
        await turn();
        return outcome;
      },
    };
  }

  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it.each([
    ['nothing', 0, LIMIT, 10_000],
    ['100 bytes', 100, LIMIT, 10_003],
    ['64 KiB', LIMIT, LIMIT, 12_000],
    ['2 MiB', 2 * 1024 * 1024, 2 * 1024 * 1024, 74_000],
    // What is beyond the limit is no reason to wait.
    ['2 MiB where 64 KiB are the limit', 2 * 1024 * 1024, LIMIT, 12_000],
  ])('depends on how much arrived: %s', async (_, bytes, limit, ms) => {
    const body = await outcomes(bytes, limit);
    expect(await body.after(ms - 10)).toBe('waits');
    expect(await body.after(20)).toBe('request_timeout');
  });

  it('continues as long as it keeps coming', async () => {
    const body = coming();
    const read = readBytes(body, 2 * 1024 * 1024);
    for (let second = 0; second < 40; second += 1) {
      body.write(Buffer.alloc(32 * 1024));
      await turn();
      jest.advanceTimersByTime(1000);
    }
    body.end();
    expect((await read).length).toBe(40 * 32 * 1024);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('is not used up by dripping', async () => {
    const body = coming();
    let outcome = 'waits';
    readBytes(body, LIMIT).catch((error: unknown) => (outcome = (error as { code: string }).code));
    for (let second = 0; second < 11; second += 1) {
      body.write('x');
      await turn();
      jest.advanceTimersByTime(1000);
    }
    await turn();
    expect(outcome).toBe('request_timeout');
  });
});
