import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../test/support/database/database';
import { lockByIdSql } from './row-locks';

const LIBS = join(__dirname, '../..');

describe('locks of rows by their ids', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([]);
    await dataSource.query(
      `INSERT INTO customers (id, name, is_active) SELECT 'C-' || n, 'Acme', n <> 3 FROM generate_series(1, 5) AS n`,
    );
  });
  afterAll(() => database.drop());

  it('are taken in the order of the ids, whatever the order in which they are given', async () => {
    const sql = lockByIdSql({ columns: 'id', table: 'customers', where: 'is_active', strength: 'UPDATE' });
    const rows = await dataSource.query<{ id: string }[]>(sql, [['C-5', 'C-3', 'C-1', 'C-4', 'C-9']]);
    expect(rows.map(({ id }) => id)).toEqual(['C-1', 'C-4', 'C-5']);
  });

  it.each([
    ['UPDATE', ['UPDATE', 'NO KEY UPDATE', 'SHARE']],
    ['NO KEY UPDATE', ['UPDATE', 'NO KEY UPDATE', 'SHARE']],
    ['SHARE', ['UPDATE', 'NO KEY UPDATE']],
  ] as const)('of the strength %s keep out %j', async (strength, keptOut) => {
    await dataSource.transaction(async (tx) => {
      await tx.query(lockByIdSql({ columns: 'id', table: 'customers', strength }), [['C-2']]);
      for (const other of ['UPDATE', 'NO KEY UPDATE', 'SHARE'] as const) {
        const sql = lockByIdSql({ columns: 'id', table: 'customers', strength: other, skipLocked: true });
        const taken = await dataSource.query<{ id: string }[]>(sql, [['C-1', 'C-2']]);
        expect([other, taken.map(({ id }) => id)]).toEqual([
          other,
          (keptOut as readonly string[]).includes(other) ? ['C-1'] : ['C-1', 'C-2'],
        ]);
      }
    });
  });

  it('stand in one form: no other statement of the libs locks rows', () => {
    const own = readdirSync(LIBS, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !/\.(spec|fixture)\.ts$/.test(name))
      .filter((name) => /FOR (?:NO KEY )?(?:UPDATE|SHARE)\b|pessimistic_/.test(code(join(LIBS, name))))
      .map((name) => name.split(sep).join('/'));
    // Rows that nobody waits for are cleared away without any order.
    expect(own.sort()).toEqual(['database/src/row-locks.ts', 'signing/src/ring/signing-replicas.ts']);
  });
});

/** A file without its comments. */
function code(path: string): string {
  return readFileSync(path, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
}
