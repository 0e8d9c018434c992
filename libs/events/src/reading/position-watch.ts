import { PreparedStatement } from '@aegis/database';
import { Injectable } from '@nestjs/common';
import { AsyncResource } from 'node:async_hooks';
import { DataSource } from 'typeorm';

/** A waiting caller gets an event no sooner than the next look. */
const PAUSE_MS = 200;

const LAST = new PreparedStatement<{ last: number }>(
  'events-last',
  'SELECT last::float8 AS last FROM event_positions',
);

interface Waiter {
  readonly position: number;
  readonly tell: (outcome: boolean | Error) => void;
}

/**
 * Notices when events get their places. One look in each pause serves all who wait in this process, and none is made while
 * nobody waits; a connection is held for the look alone.
 */
@Injectable()
export class PositionWatch {
  private readonly waiters = new Set<Waiter>();
  private timer: NodeJS.Timeout | undefined;
  /** A look is nobody's request. */
  private readonly context = new AsyncResource('PositionWatch');

  constructor(private readonly dataSource: DataSource) {}

  /**
   * Waits until an event has a greater position.
   * @param over ends the wait
   * @returns whether there is such an event
   * @throws what the look fails with
   */
  beyond(position: number, over: AbortSignal): Promise<boolean> {
    if (over.aborted) return Promise.resolve(false);
    return new Promise((resolve, reject) => {
      const end = (): void => {
        waiter.tell(false);
      };
      const waiter: Waiter = {
        position,
        tell: (outcome) => {
          this.waiters.delete(waiter);
          over.removeEventListener('abort', end);
          if (typeof outcome === 'boolean') resolve(outcome);
          else reject(outcome);
        },
      };
      over.addEventListener('abort', end, { once: true });
      this.waiters.add(waiter);
      this.lookLater();
    });
  }

  private lookLater(): void {
    if (this.waiters.size === 0) return;
    this.timer ??= this.context.runInAsyncScope(() =>
      setTimeout(() => {
        void this.look();
      }, PAUSE_MS),
    );
  }

  private async look(): Promise<void> {
    if (this.waiters.size > 0) {
      const outcome = await this.last().catch((error: unknown) =>
        error instanceof Error ? error : new Error('the last position could not be read', { cause: error }),
      );
      for (const waiter of [...this.waiters])
        if (typeof outcome !== 'number') waiter.tell(outcome);
        else if (outcome > waiter.position) waiter.tell(true);
    }
    this.timer = undefined;
    this.lookLater();
  }

  private async last(): Promise<number> {
    const [row] = await LAST.run(this.dataSource, []);
    return row?.last ?? 0;
  }
}
