/** Places that callers hold for longer than a moment: so many each, and so many together. */
export class Places {
  private readonly byCaller = new Map<string, number>();
  private taken = 0;

  constructor(
    private readonly perCaller: number,
    private readonly inAll: number,
  ) {}

  /**
   * Takes a place.
   * @param caller id of the API key
   * @returns gives the place back, to be called once; or whose places are all taken
   */
  take(caller: string): (() => void) | 'of the caller' | 'of all' {
    const own = this.byCaller.get(caller) ?? 0;
    if (own >= this.perCaller) return 'of the caller';
    if (this.taken >= this.inAll) return 'of all';
    this.byCaller.set(caller, own + 1);
    this.taken += 1;
    return () => {
      this.giveBack(caller);
    };
  }

  private giveBack(caller: string): void {
    this.taken -= 1;
    const left = (this.byCaller.get(caller) ?? 1) - 1;
    if (left === 0) this.byCaller.delete(caller);
    else this.byCaller.set(caller, left);
  }
}
