import { Injectable } from '@nestjs/common';

type Phase = 'starting' | 'serving' | 'draining';

/** The state of the process between its start and its end; probes report it. */
@Injectable()
export class Lifecycle {
  private phase: Phase = 'starting';

  /** Everything that a start needs has been done. */
  get hasStarted(): boolean {
    return this.phase !== 'starting';
  }

  get isServing(): boolean {
    return this.phase === 'serving';
  }

  serve(): void {
    if (this.phase === 'starting') this.phase = 'serving';
  }

  /** From now on readiness says no, so that nothing new is sent here. */
  drain(): void {
    this.phase = 'draining';
  }
}
