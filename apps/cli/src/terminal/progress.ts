import { clearLine, cursorTo } from 'node:readline';

const REDRAWN_AFTER_MS = 200;
const BAR_WIDTH = 30;

/** A bar on standard error that grows while a long command runs; nothing where that is not a terminal. */
export class Progress {
  private readonly startedAt = performance.now();
  private drawnAt = Number.NEGATIVE_INFINITY;

  /** @param total pieces of work in all */
  constructor(
    private readonly total: number,
    private readonly terminal: NodeJS.WriteStream = process.stderr,
  ) {}

  /** @param done pieces of work so far */
  show(done: number): void {
    const now = performance.now();
    if (!this.terminal.isTTY || now - this.drawnAt < REDRAWN_AFTER_MS) return;
    this.drawnAt = now;
    const seconds = (now - this.startedAt) / 1000;
    const perSecond = done / Math.max(seconds, 0.001);
    const left = done === 0 ? '' : `, ${Math.ceil((this.total - done) / perSecond)} s left`;
    const share = this.total === 0 ? 1 : Math.min(1, done / this.total);
    const bar = '#'.repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH, '.');
    this.redraw(`[${bar}] ${done} of ${this.total}, ${perSecond.toFixed(0)}/s${left}`);
  }

  /** Takes the bar away. */
  end(): void {
    if (this.terminal.isTTY) this.redraw('');
  }

  private redraw(text: string): void {
    cursorTo(this.terminal, 0);
    clearLine(this.terminal, 0);
    this.terminal.write(text);
  }
}
