import { withPatience } from './patience';

const passing = new Error('passing');
const lasting = new Error('lasting');
const mayPass = (error: unknown): boolean => error === passing;

/** Answers or throws one after another; the last one again and again. */
function inTurn<T>(...outcomes: (T | Error)[]): () => Promise<T> {
  return () => {
    const outcome = outcomes.length > 1 ? outcomes.shift() : outcomes[0];
    return outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome as T);
  };
}

describe('withPatience', () => {
  let waits: number;
  const waiting = (): void => {
    waits += 1;
  };
  beforeEach(() => {
    waits = 0;
  });

  it('tries again after a temporary error and after an unwanted result, and says once that it waits', async () => {
    const isWanted = (answer: string): boolean => answer === 'wanted';
    const attempt = inTurn(passing, 'unwanted', 'wanted', lasting);
    expect(await withPatience(attempt, { seconds: 100, mayPass, isWanted, waiting })).toBe('wanted');
    expect(waits).toBe(1);
  });

  it('throws a permanent error at once', async () => {
    const attempt = inTurn<string>(lasting, 'too late');
    await expect(withPatience(attempt, { seconds: 100, mayPass, waiting })).rejects.toBe(lasting);
    expect(waits).toBe(0);
  });

  it('tries once when no seconds are given', async () => {
    const attempt = inTurn<string>(passing, 'too late');
    await expect(withPatience(attempt, { seconds: undefined, mayPass, waiting })).rejects.toBe(passing);
    expect(waits).toBe(0);
  });

  it('ends with the last result when the time is over', async () => {
    const isWanted = (): boolean => false;
    expect(await withPatience(inTurn('unwanted'), { seconds: 1, mayPass, isWanted, waiting })).toBe(
      'unwanted',
    );
    await expect(withPatience(inTurn(passing), { seconds: 1, mayPass, waiting })).rejects.toBe(passing);
    expect(waits).toBe(2);
  });
});
