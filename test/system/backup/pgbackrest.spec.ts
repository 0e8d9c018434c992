import { spawnSync } from 'node:child_process';
import { ArchivedPostgres, nextSecond } from '../../support/deployment/archived-postgres';

const hasPgBackRest = spawnSync('pgbackrest', ['version']).status === 0;
// Under CI a missing tool is a failure, not a reason to skip.
const describeBackups = hasPgBackRest || process.env.CI === 'true' ? describe : describe.skip;

describeBackups('the settings of pgBackRest (Debian package pgbackrest is needed)', () => {
  let postgres: ArchivedPostgres;

  beforeAll(async () => {
    postgres = await ArchivedPostgres.start();
  });
  afterAll(() => postgres.close());

  it('archive WAL files and back the database up, encrypted, so that a moment in between can be restored', async () => {
    postgres.pgBackRest('stanza-create');
    postgres.pgBackRest('check');
    await postgres.query('CREATE TABLE rows (name text)');
    postgres.pgBackRest('--type=full', 'backup');
    await postgres.query(`INSERT INTO rows VALUES ('before-the-mistake')`);
    const moment = await nextSecond(postgres);
    await postgres.query('DROP TABLE rows');
    // What PostgreSQL has archived so far is enough to go back.
    postgres.pgBackRest('check');
    await postgres.stop();
    postgres.pgBackRest('--delta', '--type=time', `--target=${moment}`, '--target-action=promote', 'restore');
    await postgres.run();
    expect(await postgres.query('SELECT name FROM rows')).toEqual([{ name: 'before-the-mistake' }]);
    // The text itself could not be found in what is compressed.
    expect(JSON.parse(postgres.pgBackRest('--output=json', 'info'))).toMatchObject([
      { name: 'aegis', cipher: 'aes-256-cbc', backup: [{ type: 'full', error: false }], status: { code: 0 } },
    ]);
  });
});
