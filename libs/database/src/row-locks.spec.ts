import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { Column, type DataSource, Entity, In, PrimaryColumn } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../test/support/database/database';
import { lockByIdSql, lockRow, lockRows } from './row-locks';

const ROOT = join(__dirname, '../../..');

@Entity('customers')
class Customer {
  @PrimaryColumn('text')
  id!: string;

  @Column('boolean')
  is_active!: boolean;
}

describe('locks of rows by their ids', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([Customer]);
    await dataSource.query(
      `INSERT INTO customers (id, name, is_active) SELECT 'C-' || n, 'Acme', n <> 3 FROM generate_series(1, 5) AS n`,
    );
  });
  afterAll(() => database.drop());

  it('are taken in the order of the ids, no matter in which order the ids are given', async () => {
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

  /** Ids of the rows that nobody has locked. */
  const unlocked = async (): Promise<string[]> =>
    (
      await dataSource.query<{ id: string }[]>('SELECT id FROM customers ORDER BY id FOR SHARE SKIP LOCKED')
    ).map(({ id }) => id);

  it('lock one row, which is read after it is locked', async () => {
    await dataSource.transaction(async (tx) => {
      expect(await lockRow(tx, Customer, { id: 'C-3' })).toEqual({ id: 'C-3', is_active: false });
      expect(await lockRow(tx, Customer, { id: 'C-9' })).toBeNull();
      expect(await unlocked()).toEqual(['C-1', 'C-2', 'C-4', 'C-5']);
    });
  });

  it('lock rows of several entities, in the order of their ids', async () => {
    await dataSource.transaction(async (tx) => {
      const rows = await lockRows(tx, Customer, { where: { id: In(['C-5', 'C-2', 'C-4', 'C-9']) } });
      expect(rows.map(({ id }) => id)).toEqual(['C-2', 'C-4', 'C-5']);
      expect(await unlocked()).toEqual(['C-1', 'C-3']);
    });
  });

  it('are written in one place: no other statement of libs or apps locks rows', () => {
    const own = ['libs', 'apps'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts') && !/\.(spec|fixture)\.ts$/.test(name))
        .map((name) => join(folder, name))
        .filter((name) => LOCKS.test(code(join(ROOT, name))))
        .map((name) => name.split(sep).join('/')),
    );
    // Rows that nobody waits for are cleared away, or claimed, without any order; all rows of a table have no list of ids.
    expect(own.sort()).toEqual([
      'libs/database/src/row-locks.ts',
      'libs/restore/src/deliveries-before-restore.ts',
      'libs/signing/src/ring/signing-replicas.ts',
      'libs/webhooks/src/deliveries/claims.ts',
    ]);
  });

  it.each(['FOR SHARE', 'for update', 'FOR NO KEY UPDATE', 'for\n key share', "'pessimistic_read'"])(
    'would be found elsewhere, written as %s',
    (text) => {
      expect(text).toMatch(LOCKS);
    },
  );
});

/** What locks rows, in SQL or for TypeORM. */
const LOCKS = /\bfor\s+(no\s+key\s+|key\s+)?(update|share)\b|pessimistic_/i;

/** A file without its comments. */
function code(path: string): string {
  return readFileSync(path, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
}
