import { currentRequest, type RequestContext, runInRequest } from '@aegis/logging';
import { MicroBatch } from './micro-batch';

interface Run {
  inputs: number[];
  finish: () => void;
  fail: (error: Error) => void;
}

/** A batch whose runs end when the test says so; each output is ten times its input. */
function aBatch(options: { maxSize: number; maxConcurrent: number }): {
  batch: MicroBatch<number, number>;
  runs: Run[];
} {
  const runs: Run[] = [];
  const batch = new MicroBatch<number, number>(
    (inputs) =>
      new Promise((resolve, reject) => {
        runs.push({
          inputs,
          finish: () => {
            resolve(inputs.map((input) => input * 10));
          },
          fail: reject,
        });
      }),
    { name: 'test', ...options },
  );
  return { batch, runs };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Lets what was scheduled happen. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 5; turns += 1) await turn();
}

describe('MicroBatch', () => {
  it('runs once for all inputs of one turn, and answers each input with its own output', async () => {
    const { batch, runs } = aBatch({ maxSize: 10, maxConcurrent: 2 });
    const outputs = Promise.all([3, 1, 2].map((input) => batch.add(input)));
    await settle();
    expect(runs.map(({ inputs }) => inputs)).toEqual([[3, 1, 2]]);
    runs[0]!.finish();
    expect(await outputs).toEqual([30, 10, 20]);
  });

  it('does not wait for a timer when there is one input only', async () => {
    const { batch, runs } = aBatch({ maxSize: 10, maxConcurrent: 1 });
    const output = batch.add(1);
    await turn();
    expect(runs).toHaveLength(1);
    runs[0]!.finish();
    expect(await output).toBe(10);
  });

  it('limits the inputs of a run and the runs at the same time; what waits makes the next run larger', async () => {
    const { batch, runs } = aBatch({ maxSize: 2, maxConcurrent: 2 });
    const outputs = [1, 2, 3, 4, 5].map((input) => batch.add(input));
    await settle();
    expect(runs.map(({ inputs }) => inputs)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    outputs.push(batch.add(6));
    await settle();
    expect(runs).toHaveLength(2);
    runs[1]!.finish();
    await settle();
    expect(runs.map(({ inputs }) => inputs)).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    runs[0]!.finish();
    runs[2]!.finish();
    expect(await Promise.all(outputs)).toEqual([10, 20, 30, 40, 50, 60]);
  });

  it('rejects all inputs of a run that fails, and continues with the next run', async () => {
    const { batch, runs } = aBatch({ maxSize: 2, maxConcurrent: 1 });
    const outcomes = Promise.allSettled([1, 2, 3].map((input) => batch.add(input)));
    await settle();
    const failure = new Error('the database is gone');
    runs[0]!.fail(failure);
    await settle();
    runs[1]!.finish();
    expect(await outcomes).toEqual([
      { status: 'rejected', reason: failure },
      { status: 'rejected', reason: failure },
      { status: 'fulfilled', value: 30 },
    ]);
  });

  it('rejects a run that does not answer each input: nobody gets the answer of another', async () => {
    const batch = new MicroBatch<number, number>((inputs) => Promise.resolve(inputs.slice(1)), {
      name: 'test',
      maxSize: 10,
      maxConcurrent: 1,
    });
    const outcomes = await Promise.allSettled([1, 2].map((input) => batch.add(input)));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('never runs without inputs', async () => {
    const { batch, runs } = aBatch({ maxSize: 1, maxConcurrent: 5 });
    const output = batch.add(1);
    await settle();
    runs[0]!.finish();
    await output;
    await settle();
    expect(runs).toHaveLength(1);
  });

  it('runs in the context of no request, also what waited for the end of a run; each request continues in its own', async () => {
    const contextOf = (requestId: string): RequestContext => ({
      requestId,
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: null,
      ip: null,
      userAgent: null,
      apiKeyId: null,
      accessFields: null,
    });
    const seen: (string | undefined)[] = [];
    const batch = new MicroBatch<string, string>(
      async (inputs) => {
        seen.push(currentRequest()?.requestId);
        await turn();
        seen.push(currentRequest()?.requestId);
        return inputs;
      },
      { name: 'test', maxSize: 1, maxConcurrent: 1 },
    );
    const names = ['a', 'b', 'c'];
    const after = names.map((name) =>
      runInRequest(contextOf(name), async () => {
        await batch.add(name);
        return currentRequest()?.requestId;
      }),
    );
    expect(await Promise.all(after)).toEqual(names);
    expect(seen).toEqual(names.flatMap(() => [undefined, undefined]));
  });

  it.each([
    'timeout exceeded when trying to connect',
    'Connection terminated due to connection timeout',
    'Query read timeout',
  ])(
    'rejects what waits behind a run that waited without success (%s): it has waited just as long',
    async (message) => {
      const { batch, runs } = aBatch({ maxSize: 10, maxConcurrent: 1 });
      const first = batch.add(1);
      await settle();
      const behind = [batch.add(2), batch.add(3)];
      runs[0]!.fail(new Error(message));
      await expect(first).rejects.toThrow(message);
      for (const each of behind) await expect(each).rejects.toThrow(message);
      await settle();
      expect(runs).toHaveLength(1);
      const later = batch.add(4);
      await settle();
      runs[1]!.finish();
      expect(await later).toBe(40);
    },
  );

  it('runs what waits behind a run whose connection was lost', async () => {
    const { batch, runs } = aBatch({ maxSize: 10, maxConcurrent: 1 });
    const first = batch.add(1);
    await settle();
    const behind = batch.add(2);
    runs[0]!.fail(new Error('Connection terminated unexpectedly'));
    await expect(first).rejects.toThrow('terminated');
    await settle();
    runs[1]!.finish();
    expect(await behind).toBe(20);
  });
});
