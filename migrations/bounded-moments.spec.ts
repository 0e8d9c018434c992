import { postgresOptions } from '@aegis/database';
import { DataSource } from 'typeorm';
import { migratedDatabase, type TestDatabase } from '../test/support/database/database';
import { columnsOfRole, refusesValue } from '../test/support/database/role-columns';

/** RFC 3339 has no form for times outside of these. */
const OUTSIDE = ['-infinity', '0001-12-31T23:59:59Z BC', '10000-01-01T00:00:00Z', 'infinity'];

describe('times that the application’s role may write', () => {
  let database: TestDatabase;
  let superuser: DataSource;

  beforeAll(async () => {
    database = await migratedDatabase();
    superuser = await new DataSource(postgresOptions(database.superuserUrl)).initialize();
  });
  afterAll(async () => {
    await superuser.destroy();
    await database.drop();
  });

  it('are within the years that answers can write: the database refuses others in every column', async () => {
    const all = (await columnsOfRole(superuser)).filter(({ type }) => type === 'timestamp with time zone');
    expect(all.length).toBeGreaterThan(20);
    const unbounded: string[] = [];
    for (const column of all)
      for (const moment of OUTSIDE)
        if (!(await refusesValue(superuser, column, moment)))
          unbounded.push(`${column.table}.${column.name} ${moment}`);
    // A trigger sets this one by the database's clock.
    const exempt = OUTSIDE.map((moment) => `signing_keys.compromised_at ${moment}`);
    expect(unbounded).toEqual(exempt);
  });
});
