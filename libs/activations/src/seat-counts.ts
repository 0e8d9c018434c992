import { DomainError, PROBLEMS } from '@aegis/errors';
import { type Counter, Metrics } from '@aegis/metrics';
import { Injectable } from '@nestjs/common';

/** How a request for a seat was decided. */
export const ADMISSION_RESULTS = [
  'admitted',
  'renewed',
  'seats_exhausted',
  'moves_exhausted',
  'refused',
] as const;
const HEARTBEATS = ['renewed', 'activation_ended', 'refused'] as const;

/** Counts what installations ask for: heartbeats leave no record. */
@Injectable()
export class SeatCounts {
  private readonly admissions: Counter<'result'>;
  private readonly heartbeats: Counter<'result'>;

  constructor(metrics: Metrics) {
    this.admissions = metrics.counter(
      {
        name: 'aegis_admissions_total',
        help: 'Requests of installations for a seat that were decided, by their result.',
        labelNames: ['result'],
      },
      ADMISSION_RESULTS.map((result) => ({ result })),
    );
    this.heartbeats = metrics.counter(
      {
        name: 'aegis_heartbeats_total',
        help: 'Heartbeats of activations that were decided, also those of batches, by their result.',
        labelNames: ['result'],
      },
      HEARTBEATS.map((result) => ({ result })),
    );
  }

  /** Counts an admission, if it was decided. @returns what it did; throws what that threw */
  async admission<T extends { readonly isNew: boolean }>(admission: Promise<T>): Promise<T> {
    try {
      const given = await admission;
      this.admissions.inc({ result: given.isNew ? 'admitted' : 'renewed' });
      return given;
    } catch (error) {
      if (isDecision(error)) this.admissions.inc({ result: resultOf(error, ADMISSION_RESULTS) });
      throw error;
    }
  }

  /** Counts a heartbeat, if it was decided. @returns what it did; throws what that threw */
  async heartbeat<T extends object>(heartbeat: Promise<T>): Promise<T> {
    try {
      const renewed = await heartbeat;
      this.heartbeatEnded(renewed);
      return renewed;
    } catch (error) {
      if (error instanceof Error) this.heartbeatEnded(error);
      throw error;
    }
  }

  /** Counts a heartbeat, if it was decided. @param outcome what was renewed, or why not */
  heartbeatEnded(outcome: object): void {
    if (outcome instanceof Error && !isDecision(outcome)) return;
    this.heartbeats.inc({
      result: outcome instanceof DomainError ? resultOf(outcome, HEARTBEATS) : 'renewed',
    });
  }
}

/** Not one that says that nothing could be decided, as without a database. */
function isDecision(error: unknown): error is DomainError {
  return error instanceof DomainError && PROBLEMS[error.code].status < 500;
}

function resultOf({ code }: DomainError, results: readonly string[]): string {
  return results.includes(code) ? code : 'refused';
}
