import { until } from '../support/until';
import { median } from './support/caller';
import { whatIsLost } from './support/consistency';
import { Link } from './support/link';
import { Load } from './support/load';
import { notWell } from './support/outage';
import { RowPostgres } from './support/postgres';
import { isLong, shortOrLong } from './support/promises';
import { Servers } from './support/servers';

const ROUND_TRIP_MS = 100;
/** A validation has four, and waits for those of the batch before it; a queue that grows has no bound. */
const MOST_ROUND_TRIPS = 30;
const RATE = 60;
/**
 * A change holds a connection for some twelve round trips, so nine changes per second hold eleven connections, and the
 * callers' keys are looked up on others. The default of ten is for a database that is near.
 */
const POOL_SIZE = '30';

describe('PostgreSQL 100 ms further away', () => {
  let postgres: RowPostgres;
  let link: Link;
  let servers: Servers;
  let load: Load;

  beforeAll(async () => {
    postgres = await RowPostgres.start();
    link = await Link.to(postgres.port);
    servers = new Servers(link.of(postgres.applicationUrl));
  });
  afterAll(async () => {
    load.close();
    await servers.close();
    await link.close();
    await postgres.close();
  });

  it('every request gets its usual answer', async () => {
    // Its start has some hundred statements, one after the other.
    if (isLong) link.slowBy(ROUND_TRIP_MS);
    const server = await servers.start({ DB_POOL_SIZE: POOL_SIZE });
    link.slowBy(ROUND_TRIP_MS);
    load = new Load(() => [server.url]);
    await load.prepare();
    load.start(RATE);
    const wanted = RATE * shortOrLong(4, 60);
    await until('the load was answered', () => Promise.resolve(load.operations.length > wanted));
    expect(await server.probe('ready')).toBe(200);
    await load.stop();
    expect(notWell(load.operations)).toEqual([]);
    // The delay was there.
    const validations = load.operations.filter(({ kind }) => kind === 'validate');
    const usual = median(validations.map(({ reply }) => reply!.milliseconds));
    expect(usual).toBeGreaterThan(ROUND_TRIP_MS);
    expect(usual).toBeLessThan(MOST_ROUND_TRIPS * ROUND_TRIP_MS);
    expect(load.contradictions).toEqual([]);
    expect(await whatIsLost(load, postgres)).toEqual([]);
  });
});
