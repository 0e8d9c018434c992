import { Turns } from './turns';

describe('turns', () => {
  /** Work that lasts until the test ends it. */
  class Work {
    begun: string[] = [];
    private readonly ends = new Map<string, { resolve: () => void; reject: (error: Error) => void }>();

    readonly of = (name: string) => (): Promise<void> => {
      this.begun.push(name);
      return new Promise((resolve, reject) => this.ends.set(name, { resolve, reject }));
    };

    end(name: string): void {
      this.ends.get(name)!.resolve();
    }

    fail(name: string): void {
      this.ends.get(name)!.reject(new Error(name));
    }
  }

  it('run up to the limit at once, and the others in the order in which they arrived', async () => {
    const turns = new Turns(2);
    const work = new Work();
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => turns.take(work.of(name)));
    expect(work.begun).toEqual(['a', 'b']);
    work.end('b');
    await b;
    expect(work.begun).toEqual(['a', 'b', 'c']);
    work.end('a');
    await a;
    expect(work.begun).toEqual(['a', 'b', 'c', 'd']);
    work.end('c');
    work.end('d');
    await Promise.all([c, d]);
    void turns.take(work.of('e'));
    void turns.take(work.of('f'));
    void turns.take(work.of('g'));
    expect(work.begun.slice(4)).toEqual(['e', 'f']);
  });

  it('are given to the next one when work fails', async () => {
    const turns = new Turns(1);
    const work = new Work();
    const failing = turns.take(work.of('a'));
    const next = turns.take(work.of('b'));
    work.fail('a');
    await expect(failing).rejects.toThrow('a');
    expect(work.begun).toEqual(['a', 'b']);
    work.end('b');
    await next;
  });
});
