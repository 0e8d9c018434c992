import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Caller } from './support/caller';
import { emptyDatabase, migratingAtStart } from './support/empty-database';
import { RowPostgres } from './support/postgres';
import { shortOrLong } from './support/promises';
import { Servers } from './support/servers';
import { issueOf } from './support/vendor';

const MIGRATIONS = readdirSync(join(__dirname, '../../migrations')).filter((name) =>
  /^\d+-.*\.ts$/.test(name),
).length;

describe('three servers that start at once on an empty database', () => {
  let postgres: RowPostgres;
  let servers: Servers;

  beforeAll(async () => {
    postgres = await RowPostgres.start();
    servers = new Servers(postgres.applicationUrl);
  });
  afterAll(async () => {
    await servers.close();
    await postgres.close();
  });

  it('all serve, with each migration run once and one key that signs', async () => {
    for (let time = 0; time < shortOrLong(1, 20); time++) {
      const database = await emptyDatabase(postgres);
      const settings = migratingAtStart(database);
      const running = await Promise.all(
        [1, 2, 3].map(() => servers.start({ ...settings, SHUTDOWN_DRAIN_SECONDS: '0' })),
      );

      const applied = await database.query('SELECT name FROM schema_migrations');
      expect(applied).toHaveLength(MIGRATIONS);
      expect(new Set(applied.map((row) => (row as { name: string }).name)).size).toBe(MIGRATIONS);
      expect(running.filter(({ output }) => output.includes('migrations applied'))).toHaveLength(1);
      expect(
        await database.query(
          `SELECT state, (SELECT count(*)::int FROM audit_logs WHERE event_type = 'signing_key.activated') AS records
           FROM signing_keys`,
        ),
      ).toEqual([{ state: 'active', records: 1 }]);

      const make = ['api-keys', 'create', '--name', 'shop', '--scopes', 'admin', '--json'];
      const { stdout } = await servers.commandLine(settings).run(...make);
      const caller = new Caller((JSON.parse(stdout) as { key: string }).key);
      await caller.send('POST', `${running[0]!.url}/api/v1/customers`, { id: 'C-1', name: 'Acme' });
      for (const { url } of running) {
        const issued = await caller.send('POST', `${url}/api/v1/licenses`, issueOf('C-1'));
        expect(issued.status).toBe(201);
        const { token } = issued.body as { token: string };
        for (const other of running) {
          const question = { token, module_name: 'payroll', odoo_version: '17.0' };
          const verdict = await caller.send('POST', `${other.url}/api/v1/licenses/validate`, question);
          expect(verdict.body).toMatchObject({ code: 'VALID' });
        }
      }
      caller.close();
      const ends = await Promise.all(running.map((server) => server.stop()));
      expect(ends).toEqual(running.map(() => ({ code: 0, signal: null })));
    }
  });
});
