import { AuditLog, AuditRecord, SYSTEM } from '@aegis/audit';
import { transaction } from '@aegis/database';
import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../test/support/database/database';
import { jobsOf, withRunning } from '../../../test/support/jobs';
import { until } from '../../../test/support/until';
import { CustomerList } from './customer-list';
import { foldCustomers } from './customer-search';
import { Customer } from './customer.entity';
import { CustomersService } from './customers.service';
import { UnfoldedCustomers } from './unfolded-customers';

const always = (): boolean => true;

describe('a search of customers', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let customers: CustomersService;
  let owner: Client;

  beforeAll(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([AuditRecord, Customer]);
    customers = new CustomersService(dataSource, new AuditLog());
    owner = new Client({ connectionString: database.ownerUrl });
    await owner.connect();
  });
  beforeEach(() => owner.query('TRUNCATE customers CASCADE'));
  afterAll(async () => {
    await owner.end();
    await database.drop();
  });

  async function found(q: string): Promise<string[]> {
    const { rows, counted } = new CustomerList(dataSource).source({ page_size: 100, q });
    const ids = (await rows.getMany()).map(({ id }) => id).sort();
    // As they are counted: entities would be made once for each customer.
    const each = await counted!.select('customer.id', 'id').getRawMany<{ id: string }>();
    expect(each.map(({ id }) => id).sort()).toEqual(ids);
    return ids;
  }

  async function beginnings(id: string): Promise<string[]> {
    const { rows } = await owner.query<{ beginning: string }>(
      'SELECT beginning FROM customer_beginnings WHERE customer_id = $1 ORDER BY beginning',
      [id],
    );
    return rows.map(({ beginning }) => beginning);
  }

  it('finds them by their texts as they are now, however they were created and changed', async () => {
    await customers.create(SYSTEM, { id: 'a-1', name: 'Éclair', company: 'Große Töne' });
    await transaction(dataSource, (tx) =>
      customers.shareOrCreate(tx, SYSTEM, [{ id: 'b-2', name: 'Zoë Éclair', email: 'x@töne.example' }]),
    );
    expect([await found('eclair'), await found('TONE'), await found('grosse')]).toEqual([
      ['a-1', 'b-2'],
      ['a-1', 'b-2'],
      ['a-1'],
    ]);
    await customers.update(SYSTEM, 'a-1', { company: null, is_active: false });
    expect([await found('tone'), await found('eclair')]).toEqual([['b-2'], ['a-1', 'b-2']]);
    // Folded, it is what it was.
    await customers.update(SYSTEM, 'a-1', { name: 'ECLAIR' });
    expect(await found('éclair')).toEqual(['a-1', 'b-2']);
    expect(await beginnings('a-1')).toEqual(['1', 'a-1', 'eclair']);
  });

  it('counts a customer once even if several of its words match', async () => {
    await customers.create(SYSTEM, { id: 'ab', name: 'Abel Abt', email: 'ab@ab.example', company: 'abab' });
    expect(await found('ab')).toEqual(['ab']);
  });

  it('finds nobody who was deleted, of whom no text is left', async () => {
    await customers.create(SYSTEM, { id: 'gone', name: 'Gone' });
    await transaction(dataSource, (tx) => customers.softDelete(tx, SYSTEM, 'gone'));
    expect(await found('gone')).toEqual([]);
    expect(await beginnings('gone')).toEqual([]);
    const { rows } = await owner.query<object>('SELECT beginnings FROM customers');
    expect(rows).toEqual([{ beginnings: null }]);
  });

  it('finds what the previous release wrote by the beginning of its texts, and by each word after it is folded', async () => {
    await customers.create(SYSTEM, { id: 'changed', name: 'Ada', company: 'Töne' });
    await customers.create(SYSTEM, { id: 'removed', name: 'Ada' });
    await owner.query(`
      INSERT INTO customers (id, name) VALUES ('new', 'Émile Zola');
      UPDATE customers SET name = 'Émile Durkheim', version = version + 1 WHERE id = 'changed';
      UPDATE customers SET name = NULL, is_active = false, deleted_at = now() WHERE id = 'removed'`);
    expect([await found('ÉMILE'), await found('ada'), await found('töne')]).toEqual([
      ['changed', 'new'],
      [],
      ['changed'],
    ]);
    expect([await found('emile'), await found('zola')]).toEqual([['changed', 'new'], []]);
    const before = await owner.query<object>('SELECT id, version, updated_at FROM customers ORDER BY id');
    await foldCustomers(dataSource, always);
    expect([await found('emile'), await found('zola'), await found('durk'), await found('ada')]).toEqual([
      ['changed', 'new'],
      ['new'],
      ['changed'],
      [],
    ]);
    const after = await owner.query<object>('SELECT id, version, updated_at FROM customers ORDER BY id');
    expect(after.rows).toEqual(before.rows);
  });

  it('folds texts that are not folded yet by a job, in batches', async () => {
    await owner.query(
      `INSERT INTO customers (id, name) SELECT 'c-' || n, 'Ada E' || n FROM generate_series(1, 1201) n`,
    );
    const jobs = jobsOf();
    new UnfoldedCustomers(dataSource, jobs);
    const areFolded = async (): Promise<boolean> => {
      const { rows } = await owner.query<object>('SELECT FROM customers WHERE beginnings IS NULL LIMIT 1');
      return rows.length === 0;
    };
    await withRunning(jobs, () => until('all are folded', areFolded));
    expect(await found('e')).toHaveLength(1201);
  });

  it('leaves a customer that cannot be changed, and folds the others', async () => {
    await owner.query(`
      INSERT INTO customers (id, name) SELECT 'c-' || n, 'Ada E' || n FROM generate_series(1, 9) n;
      ALTER TABLE customers ADD CONSTRAINT young CHECK (id <> 'c-5') NOT VALID`);
    try {
      await foldCustomers(dataSource, always);
    } finally {
      await owner.query('ALTER TABLE customers DROP CONSTRAINT young');
    }
    expect(await found('e')).toEqual(['c-1', 'c-2', 'c-3', 'c-4', 'c-6', 'c-7', 'c-8', 'c-9']);
    expect(await found('ada')).toHaveLength(9);
  });

  it('does not wait for a customer that another transaction has locked', async () => {
    await owner.query(`INSERT INTO customers (id, name) VALUES ('a', 'x E'), ('b', 'x E')`);
    await owner.query('BEGIN');
    try {
      await owner.query(`SELECT FROM customers WHERE id = 'a' FOR UPDATE`);
      await foldCustomers(dataSource, always);
    } finally {
      await owner.query('ROLLBACK');
    }
    expect(await found('e')).toEqual(['b']);
  });
});
