import type { Environment } from '@aegis/config';
import {
  assertApplicationRoleIsApart,
  assertSessionSettings,
  isDatabaseUnavailable,
  poolOptions,
  postgresOptions,
  sqlState,
} from '@aegis/database';
import { setTimeout as pause } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import type { PrimaryPosition } from './primary-position';
import { ReadOnlyConnection } from './read-only-connection';
import type { Reading } from './read-up-to-date';
import { type Found, type Standing, standingOf } from './standing';

/** A standby is asked again after 1, 2, 4, … ms. */
const LONGEST_PAUSE_MS = 16;

const UNREACHABLE: Found = { standing: 'unreachable', replayed: null };

/** What a replica was found to be. */
export interface Comparison extends Found {
  /** Until it had replayed the position, at most the permitted lag. */
  readonly elapsedMs: number;
  /** Why it is unreachable, where that is known. */
  readonly error?: unknown;
}

/** What was found, with the connection on which it was found. */
interface Lent extends Comparison {
  /** Undefined unless the replica is up to date. */
  readonly connection?: ReadOnlyConnection;
}

/** A streaming standby, with a pool of its own. */
export class Replica {
  private dataSource: DataSource | undefined;
  /** As of the last comparison; while it is not up to date, or was not compared, nothing is read here. */
  standing: Standing | undefined;

  /**
   * @param url under the application's role
   * @param onLost called with the error of an idle connection that was lost
   */
  constructor(
    private readonly url: string,
    private readonly environment: Environment,
    private readonly onLost: (error: unknown) => void,
  ) {}

  /** Compares it with a position of its primary. It does not reject. */
  async compare(position: PrimaryPosition): Promise<Comparison> {
    try {
      this.dataSource ??= await this.open();
      const { connection, ...found } = await this.lend(position);
      await connection?.giveBack();
      return found;
    } catch (error) {
      return { ...UNREACHABLE, elapsedMs: 0, error };
    }
  }

  /**
   * Reads in one read-only transaction, after what the primary had at a position.
   * @returns undefined if it has to be read elsewhere: the replica is not up to date in time, or fails meanwhile
   */
  async read<T>(position: PrimaryPosition, reading: Reading<T>): Promise<{ result: T } | undefined> {
    const { connection } = await this.lend(position);
    if (connection === undefined) return undefined;
    try {
      return { result: await reading(connection.runner.manager) };
    } catch (error) {
      if (isOfDatabase(error)) return undefined;
      throw error;
    } finally {
      // Nobody waits for it: the result does not depend on it.
      void connection.giveBack();
    }
  }

  async close(): Promise<void> {
    await this.dataSource?.destroy();
  }

  /** @throws when it cannot be reached, or in production when its role may do too much */
  private async open(): Promise<DataSource> {
    const dataSource = new DataSource({
      ...postgresOptions(this.url),
      extra: poolOptions(this.environment),
      poolErrorHandler: this.onLost,
    });
    try {
      await dataSource.initialize();
      if (this.environment.isProduction) {
        await assertApplicationRoleIsApart(dataSource, 'DATABASE_REPLICA_URLS');
        await assertSessionSettings(dataSource, 'DATABASE_REPLICA_URLS');
      }
      return dataSource;
    } catch (error) {
      // Also of an initialization that failed in the middle.
      await dataSource.driver.disconnect().catch(() => undefined);
      throw error;
    }
  }

  /** Lends a connection once the replica has replayed a position; the permitted lag is the longest wait for all of it. */
  private async lend(position: PrimaryPosition): Promise<Lent> {
    const { DATABASE_REPLICA_MAX_LAG_MS: longestMs } = this.environment;
    const from = performance.now();
    if (this.dataSource === undefined) return { ...UNREACHABLE, elapsedMs: 0 };
    const connection = new ReadOnlyConnection(this.dataSource.createQueryRunner());
    let found: Found = UNREACHABLE;
    const limit = new AbortController();
    const isAwaited = (): boolean => !limit.signal.aborted;
    const arrival = arrive(connection, position, longestMs, isAwaited, (one) => {
      found = one;
    });
    const late = pause(longestMs, undefined, { signal: limit.signal, ref: false }).catch(() => undefined);
    try {
      await Promise.race([arrival, late]);
    } catch (error) {
      await connection.giveBack();
      return { ...UNREACHABLE, elapsedMs: performance.now() - from, error };
    } finally {
      limit.abort();
    }
    const comparison = { ...found, elapsedMs: performance.now() - from };
    if (comparison.standing === 'up_to_date') return { ...comparison, connection };
    // It may still wait for the network.
    void arrival.catch(() => undefined).then(() => connection.giveBack());
    return comparison;
  }
}

/**
 * Begins a transaction, and asks until the replica has replayed a position, can't, or nobody waits any longer.
 */
async function arrive(
  connection: ReadOnlyConnection,
  position: PrimaryPosition,
  mostSkewMs: number,
  isAwaited: () => boolean,
  onFound: (found: Found) => void,
): Promise<void> {
  await connection.begin();
  for (let pauseMs = 1; isAwaited(); pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const found = await standingOf(connection.runner, position, mostSkewMs);
    // What is found once nobody waits was not found in time.
    if (!isAwaited()) return;
    onFound(found);
    if (found.standing !== 'behind') return;
    await pause(pauseMs);
  }
}

/**
 * Whether the primary may answer what failed here: a lost connection, and everything that a database refuses. A conflict
 * with what is replayed has several codes, and the statements that were sent behind the one that failed another
 * (25P02); a damaged file of the standby has others.
 */
function isOfDatabase(error: unknown): boolean {
  return isDatabaseUnavailable(error) || sqlState(error) !== undefined;
}
