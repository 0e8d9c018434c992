import { Client } from 'pg';
import { type DataSource, Entity, PrimaryColumn, Column, SelectQueryBuilder } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../test/support/database/database';
import type { ListSource } from './list-page';
import { linePieces, PIECE_BYTES, rowsOfNext } from './list-pieces';
import { newestFirst } from './newest-first';

@Entity('customers')
class Noted {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text' })
  notes!: string;

  @Column({ type: 'timestamptz' })
  created_at!: Date;
}

describe('pieces of a list', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let owner: Client;

  beforeAll(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([Noted]);
    owner = new Client({ connectionString: database.ownerUrl });
    await owner.connect();
    // Short rows, then long ones (8,000 bytes), then short ones.
    await owner.query(
      `INSERT INTO customers (id, name, notes, created_at)
       SELECT 'c-' || n, 'x', CASE WHEN n BETWEEN 1201 AND 1500 THEN repeat(U&'\\+01F98A', 2000) ELSE '' END,
              now() - make_interval(secs => n)
       FROM generate_series(1, 2700) AS n`,
    );
  });

  afterEach(() => jest.restoreAllMocks());

  afterAll(async () => {
    await owner.end();
    await database.drop();
  });

  const source = (): ListSource<Noted> => ({
    rows: dataSource.manager.createQueryBuilder(Noted, 'customer'),
    order: newestFirst('customer', 'text'),
    list: {},
  });
  const lineOf = ({ id, notes }: Noted): string => `${id} ${notes}\n`;
  const idsOf = (pieces: readonly Buffer[]): string[] =>
    Buffer.concat(pieces)
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ', 1)[0]!);

  /** Counts the rows that queries found, and how many queries are under way at once. */
  function watchReads(): { rows: number[]; most: number } {
    const seen = { rows: [] as number[], most: 0 };
    let underWay = 0;
    const getMany = SelectQueryBuilder.prototype.getMany;
    jest.spyOn(SelectQueryBuilder.prototype, 'getMany').mockImplementation(async function (
      this: SelectQueryBuilder<object>,
    ) {
      underWay += 1;
      seen.most = Math.max(seen.most, underWay);
      const found = (await getMany.call(this)) as object[];
      underWay -= 1;
      seen.rows.push(found.length);
      return found;
    });
    return seen;
  }

  async function all(pieces: AsyncIterable<Buffer>): Promise<Buffer[]> {
    const collected: Buffer[] = [];
    for await (const piece of pieces) collected.push(piece);
    return collected;
  }

  it('have at most 256 KiB and every row once, no matter how long the rows are', async () => {
    const { rows } = watchReads();
    const pieces = await all(linePieces(source(), lineOf));
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(256 * 1024);
    expect(idsOf(pieces)).toEqual(Array.from({ length: 2700 }, (_, index) => `c-${index + 1}`));
    expect(Math.max(...rows)).toBeLessThanOrEqual(500);
    // What did not fit is read again, once for each time that rows became longer.
    expect(rows.reduce((sum, count) => sum + count)).toBeLessThan(2700 + 2 * 500);
    expect(pieces.length).toBeLessThan(30);
  });

  it('are one line if that line alone is longer', async () => {
    const long = 'x'.repeat(2 * PIECE_BYTES);
    const pieces = await all(
      linePieces(source(), (row) => (row.id === 'c-1300' ? `c-1300 ${long}\n` : lineOf(row))),
    );
    expect(pieces.filter(({ length }) => length > PIECE_BYTES).map(({ length }) => length)).toEqual([
      `c-1300 ${long}\n`.length,
    ]);
    expect(new Set(idsOf(pieces)).size).toBe(2700);
  });

  it('continue after the last row that fits', async () => {
    const long = 'x'.repeat(PIECE_BYTES / 4);
    const last = new Set(Array.from({ length: 6 }, (_, index) => `c-${2700 - index}`));
    const pieces = await all(
      linePieces(source(), (row) => (last.has(row.id) ? `${row.id} ${long}\n` : lineOf(row))),
    );
    expect(idsOf(pieces)).toHaveLength(2700);
  });

  it('are read by four streams at once; the others wait', async () => {
    const seen = watchReads();
    const streams = Array.from({ length: 12 }, () => all(linePieces(source(), lineOf)));
    for (const pieces of await Promise.all(streams)) expect(idsOf(pieces)).toHaveLength(2700);
    expect(seen.most).toBe(4);
  });

  it('are read one by one, when they are asked for', async () => {
    const { rows } = watchReads();
    const pieces = linePieces(source(), lineOf);
    await pieces.next();
    expect(rows).toEqual([50]);
    await pieces.next();
    expect(rows).toEqual([50, 200]);
  });

  it.each([
    ['grow where rows are short', 50, 50, 500, 200],
    ['are 500 rows at most', 400, 400, 4_000, 500],
    ['are as many rows as fit', 200, 100, 100 * 4_096, 64],
    ['are one row at least', 50, 1, 3 * PIECE_BYTES, 1],
  ])('%s', (_, rows, lines, bytes, next) => {
    expect(rowsOfNext(rows, lines, bytes)).toBe(next);
  });
});
