import { generateKeyPairSync } from 'node:crypto';
import { type Answer, Client } from '../../support/requests/client';
import { testDatabase, type TestDatabase } from '../../support/database/database';
import { DatabaseProxy } from '../../support/database/database-proxy';
import { until } from '../../support/until';
import { aLicense } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';
import { Scrape } from '../../support/trail/scrape';

const DAY_MS = 86_400_000;

describe('while the database is unavailable', () => {
  let database: TestDatabase;
  let proxy: DatabaseProxy;
  let server: TestServer;
  let anyone: Client;
  let list: string;

  beforeEach(async () => {
    database = await testDatabase();
    proxy = await DatabaseProxy.before(database.applicationUrl);
    server = await testServer({
      database: { ...database, applicationUrl: proxy.of(database.applicationUrl) },
    });
    anyone = new Client(server.url);
    const { token } = await aLicense(new Client(server.url, server.adminKey));
    const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as {
      status: { status_list: { uri: string } };
    };
    list = new URL(claims.status.status_list.uri).pathname;
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await server.close();
    await database.drop();
  });

  it('the key set and the status lists are served as they were last read, for one day', async () => {
    const sql = await database.dataSource([]);
    const [keys, status] = [await anyone.get('/.well-known/jwks.json'), await anyone.get(list)];
    expect([keys.status, status.status]).toEqual([200, 200]);
    expect((keys.body as { keys: unknown[] }).keys).toHaveLength(1);

    // A change that only the job has read: the key set was not asked for since.
    await sql.query(
      `INSERT INTO signing_keys (kid, alg, public_key, state) VALUES ('next', 'EdDSA', $1, 'pending')`,
      [generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x],
    );
    await until('the job has read it', async () =>
      (await Scrape.of(server.metricsUrl)).text.includes('kid="next"'),
    );
    await proxy.close();
    await until('it is not ready', async () => (await anyone.get('/health/ready')).status === 503);
    const [later, laterStatus] = [await anyone.get('/.well-known/jwks.json'), await anyone.get(list)];
    const kids = ({ body }: Answer): string[] =>
      (body as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
    expect([later.status, kids(later)]).toEqual([200, [...kids(keys), 'next']]);
    expect([laterStatus.status, laterStatus.body]).toEqual([200, status.body]);

    const now = performance.now.bind(performance);
    jest.spyOn(performance, 'now').mockImplementation(() => now() + DAY_MS);
    expect((await anyone.get('/.well-known/jwks.json')).status).toBe(503);
  });
});
