import { requireCallerInForce } from '@aegis/database';
import { readContract, routesOf } from '../support/contract/contract';
import { exampleBody, type Ids, pathOf, someIds } from '../support/contract/example-requests';
import { ROUTE_ACCESS } from '../support/contract/route-access';
import { superuserOf } from '../support/database/sql';
import { anApiKey } from '../support/factories';
import { testServer, type TestServer } from '../support/processes/server';
import { Client } from '../support/requests/client';

const routes = new Map(routesOf(readContract()).map((route) => [`${route.method} ${route.path}`, route]));
const WITH_A_KEY = ROUTE_ACCESS.filter(([, access]) => access !== 'health');

/**
 * A key that was deleted after the restored moment is there again, with its scopes. Which ones that are is what the database
 * does not know, so it accepts none.
 */
describe('an API key on a database that is restored and not reconciled', () => {
  let server: TestServer;
  let ids: Ids;
  let key: { id: string; key: string };

  beforeAll(async () => {
    server = await testServer();
    const admin = new Client(server.url, server.adminKey);
    ids = await someIds(admin);
    key = await anApiKey(admin, { scopes: ['admin'] });
    const sql = await superuserOf(server);
    await sql.query(`INSERT INTO restores (begun_by, reason) VALUES ('test', 'a test')`);
    await sql.end();
  });
  afterAll(() => server.close());

  it.each(WITH_A_KEY)('is not valid: %s', async (name) => {
    const route = routes.get(name)!;
    const client = new Client(server.url, key.key);
    const answer = await client.send(route.method, pathOf(route, ids), exampleBody(route));
    expect({ status: answer.status, code: answer.body.code }).toEqual({
      status: 503,
      code: 'restore_not_reconciled',
    });
    expect(answer.headers.get('retry-after')).toBe('60');
  });

  it('is not valid for what was under way: a list that is streamed ends', async () => {
    const database = await server.database.dataSource([]);
    const caller = { kind: 'api_key', id: key.id, proofs: [], sessionId: null, scopes: [] } as const;
    await expect(requireCallerInForce(database, caller)).rejects.toMatchObject({
      code: 'restore_not_reconciled',
    });
  });

  it('is not needed for what says nothing of licenses', async () => {
    expect((await new Client(server.url).get('/info')).status).toBe(200);
  });
});
