import {
  assertTakesWrites,
  NOT_RECONCILED,
  limitStatements,
  OUTDATED,
  RestoreNotReconciled,
  sharedTransaction,
} from '@aegis/database';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { existsSql, firstListsSql, markedSql, versionsSql } from './status-list-queries';

/** A list may hold 131,072 tokens that are all revoked, and the machine may be busy. */
const STATEMENT_TIMEOUT_MS = 30_000;

/** What lists there are, and which have changed. */
export interface Survey {
  /**
   * By list, for the first `MOST_LISTS` that exist and those asked for, in the order of their numbers: grows with each
   * change that is committed.
   */
  versions: ReadonlyMap<number, number>;
  /** The highest number of a list that a license names; null if no license names one. */
  last: number | null;
  /** Changes that are not folded into the versions yet: each survey reads them all. */
  unfolded: number;
}

/** Changes that are folded in one transaction. */
const FOLDED_AT_ONCE = 10_000;

/** The tokens of one list that are not valid, as of one moment. */
export interface ListRecord {
  list: number;
  version: number;
  /** Not after the moment, by the database's clock: seconds since 1970. */
  readAt: number;
  /** Indexes, 4 bytes each, big-endian, in no order; one that is among both is revoked. */
  revoked: Buffer;
  suspended: Buffer;
}

type Row = Omit<ListRecord, 'revoked' | 'suspended'> &
  Record<'revoked' | 'suspended', Buffer | null> & { not_reconciled: boolean };

/** Reads what status lists say from the database: the tokens that are not valid, found by indexes, never all of them. */
@Injectable()
export class StatusListRecords {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * @param asked numbers of lists that may exist, besides the first `MOST_LISTS`
   * @throws RestoreNotReconciled: lists would say of revoked licenses that they are valid
   */
  async survey(asked: readonly number[] = []): Promise<Survey> {
    const [row] = await this.dataSource.query<
      {
        last: number | null;
        unfolded: number;
        versions: [number, number][] | null;
        not_reconciled: boolean;
      }[]
    >(
      `WITH listed AS MATERIALIZED (
         SELECT list FROM (${firstListsSql('-1')}) AS first
         UNION
         SELECT list FROM unnest($1::integer[]) AS asked (list)
         WHERE ${existsSql('asked.list')})
       SELECT ${OUTDATED} AS not_reconciled, (SELECT max(status_list) FROM license_tokens) AS last,
              (SELECT count(*)::float8 FROM status_list_changes) AS unfolded,
              (SELECT json_agg(json_build_array(listed.list, coalesce(known.version, 0)) ORDER BY listed.list)
               FROM listed LEFT JOIN (${versionsSql('SELECT list FROM listed')}) AS known ON known.list = listed.list)
                AS versions`,
      [asked],
    );
    if (!row) throw new Error('The database did not say which status lists there are.');
    if (row.not_reconciled) throw new RestoreNotReconciled();
    return { last: row.last, versions: new Map(row.versions), unfolded: row.unfolded };
  }

  /**
   * Reads lists in one statement, so that what it finds, the version that it has and whether the database is restored are of
   * the same moment.
   * @param lists not many at once: each may be 1 MiB
   * @throws RestoreNotReconciled as `survey`, which not everyone who signs lists asks before
   */
  async read(lists: readonly number[]): Promise<ListRecord[]> {
    const rows = await sharedTransaction(this.dataSource, async (tx) => {
      await limitStatements(tx, { statementMs: STATEMENT_TIMEOUT_MS });
      await assertTakesWrites(tx);
      return tx.query<Row[]>(
        `WITH marked AS (
           ${markedSql('$1::integer[]')}
         ), packed AS (
           SELECT list, string_agg(int4send(index), '') FILTER (WHERE NOT suspended) AS revoked,
                  string_agg(int4send(index), '') FILTER (WHERE suspended) AS suspended
           FROM marked GROUP BY list
         )
         SELECT asked.list, coalesce(known.version, 0) AS version,
                floor(extract(epoch FROM statement_timestamp()))::float8 AS "readAt", packed.revoked, packed.suspended,
                ${NOT_RECONCILED} AS not_reconciled
         FROM unnest($1::integer[]) AS asked (list)
         LEFT JOIN packed ON packed.list = asked.list
         LEFT JOIN (${versionsSql('SELECT unnest($1::integer[])')}) AS known ON known.list = asked.list`,
        [lists],
      );
    });
    if (rows.some(({ not_reconciled }) => not_reconciled)) throw new RestoreNotReconciled();
    return rows.map(({ list, version, readAt, revoked, suspended }) => ({
      list,
      version,
      readAt,
      revoked: revoked ?? Buffer.alloc(0),
      suspended: suspended ?? Buffer.alloc(0),
    }));
  }

  /**
   * Gives the numbers of the lists that exist, in their order, some of them at a time.
   * @param after only higher ones; -1: all
   * @returns at most `MOST_LISTS` of them; an empty list at the end
   */
  async numbersAfter(after: number): Promise<number[]> {
    const rows = await this.dataSource.query<{ list: number }[]>(firstListsSql('$1::integer'), [after]);
    return rows.map(({ list }) => list);
  }

  /**
   * Folds all changes into the versions, which stay what they are, and keeps what a survey reads small. Leaves off where
   * another process does so.
   */
  async fold(): Promise<void> {
    let folded: number;
    do {
      const [row] = await this.dataSource.query<{ folded: number }[]>(
        'SELECT status_lists_fold($1) AS folded',
        [FOLDED_AT_ONCE],
      );
      folded = row?.folded ?? 0;
    } while (folded === FOLDED_AT_ONCE);
  }
}
