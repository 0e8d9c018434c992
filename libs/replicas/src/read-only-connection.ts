import type { QueryRunner } from 'typeorm';

/**
 * Each statement has a snapshot of its own: what is read after a comparison is as new as the comparison, or newer.
 */
const BEGIN = 'START TRANSACTION ISOLATION LEVEL READ COMMITTED READ ONLY';

/** A connection of a replica's pool, in one transaction that can change nothing, wherever its address leads. */
export class ReadOnlyConnection {
  private hasBegun = false;

  constructor(readonly runner: QueryRunner) {}

  /** @throws when the replica cannot be reached */
  async begin(): Promise<void> {
    await this.runner.query(BEGIN);
    this.hasBegun = true;
  }

  /** Ends the transaction and gives the connection back to its pool, which drops it if it was lost. Does not reject. */
  async giveBack(): Promise<void> {
    if (this.hasBegun) await this.runner.query('ROLLBACK').catch(() => undefined);
    await this.runner.release().catch(() => undefined);
  }
}
