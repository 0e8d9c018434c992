import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { readContract, type Route, routesOf } from '../../support/contract/contract';
import { type TestDatabase, testDatabase } from '../../support/database/database';
import { answersIn, exchange } from '../../support/requests/raw-http';
import { Processes, type ServerProcess } from '../../support/processes/server-process';
import { superuserOf } from '../../support/database/sql';
import { WIDE_LIMITS } from '../../support/processes/wide-limits';
import { bytesOf, type Known } from './bytes';
import { CostWatch, padded } from './cost';
import { faultsOfAnswer, faultsOfBytes } from './findings';
import { type FuzzRequest, FuzzRequests, mostBytesOf } from './requests';
import { wireBytes } from './wire';
import { expectAlive, newWorld } from './world';

/** `npm run fuzz -- --cases 50000 --seed 7` sets them. */
const CASES = Number(process.env.FUZZ_CASES ?? '3000');
const SEED = Number(process.env.FUZZ_SEED ?? randomInt(0x7fffffff));
/** Requests revoke, delete and rotate what they name. */
const CASES_A_WORLD = 200;
const LONGEST_LIST = 20;
/** Honest requests to a route that its others are compared with. */
const HONEST = 8;

const contract = withoutWaits(readContract());
const routes = routesOf(contract).map((route): [string, Route] => [`${route.method} ${route.path}`, route]);
/** As many to the wire itself as to two routes. */
const casesEach = Math.ceil(CASES / (routes.length + 2));

jest.setTimeout(120_000 + casesEach * 200);

/** `FUZZ_SEED` repeats a run. */
describe(`${CASES} requests made up with FUZZ_SEED=${SEED}`, () => {
  const processes = new Processes();
  let database: TestDatabase;
  let server: ServerProcess;
  let adminKey: string;
  let world: Known;
  let sent = 0;

  beforeAll(async () => {
    process.stderr.write(`fuzzing: ${CASES} cases, FUZZ_SEED=${SEED}\n`);
    database = await testDatabase();
    server = await processes
      .server({
        ENVIRONMENT: 'test',
        DATABASE_URL: database.applicationUrl,
        MIGRATION_DATABASE_URL: database.ownerUrl,
        DATA_DIR: processes.emptyFolder(),
        KEYS_DIR: processes.emptyFolder(),
        LOG_LEVEL: 'info',
        LOG_FORMAT: 'json',
        // What callers say of themselves gets as far as it can.
        TRUST_PROXY: '1',
        // A busy machine is not a finding.
        DB_ACQUIRE_TIMEOUT_MS: '30000',
        DB_CONNECT_TIMEOUT_MS: '30000',
        DB_STATEMENT_TIMEOUT_MS: '30000',
        DB_LOCK_TIMEOUT_MS: '30000',
        ...WIDE_LIMITS,
      })
      .ready();
    adminKey = /admin API key: (\S+)/.exec(server.stdout)?.[1] ?? '';
    world = await newWorld(server.url, adminKey);
  });
  afterAll(async () => {
    await processes.close();
    await database.drop();
  });

  /** Sends requests, and collects the distinct faults with the first request that showed each. */
  async function faultsIn<T>(
    requests: fc.Arbitrary<T>,
    numRuns: number,
    seed: number,
    faultsOfOne: (request: T) => Promise<string[]>,
    always: readonly T[] = [],
  ): Promise<string[]> {
    const found = new Map<string, string>();
    const property = fc.asyncProperty(requests, async (request) => {
      if (sent++ % CASES_A_WORLD === CASES_A_WORLD - 1) world = await newWorld(server.url, adminKey);
      for (const fault of await faultsOfOne(request).catch((error: unknown) => [String(error)]))
        if (!found.has(fault)) found.set(fault, JSON.stringify(request).slice(0, 3_000));
    });
    const examples = always.map((request): [T] => [request]);
    await fc.assert(property, { numRuns: numRuns + always.length, seed, examples });
    return [...found].slice(0, LONGEST_LIST).map(([fault, request]) => `${fault} TO ${request}`);
  }

  /** What honest requests to a route cost, and whether another costs out of proportion. */
  function costsOf(route: Route, seed: number): CostWatch {
    const samples = fc.sample(new FuzzRequests(contract).honest(route), { numRuns: HONEST, seed });
    const most = mostBytesOf(route.path);
    return new CostWatch(
      server.child.pid ?? 0,
      (bytes) => exchange(server.url, bytes),
      (like) => [
        ...samples.map((request) => padded(bytesOf(request, world), like, most)),
        ...(route.path.endsWith('/validate/batch') ? [bytesOf(aBatch(like), world)] : []),
      ],
    );
  }

  async function faultsOfRequest(request: FuzzRequest, costs: CostWatch): Promise<string[]> {
    const bytes = bytesOf(request, world);
    const { answer, cost } = await costs.measure(() => exchange(server.url, bytes));
    if (answer === undefined) return ['closed without an answer'];
    const target = bytes.toString('latin1').split(' ', 2)[1] ?? '';
    return [...faultsOfAnswer(request.method, target, answer), ...(await costs.faultsOf(bytes, cost))];
  }

  it.each(routes)('find nothing in %s', async (name, route) => {
    const seed = SEED + routes.findIndex(([other]) => other === name);
    const requests = new FuzzRequests(contract);
    const costs = costsOf(route, seed);
    await costs.begin();
    const found = await faultsIn(
      requests.to(route),
      casesEach,
      seed,
      (request) => faultsOfRequest(request, costs),
      requests.structural(route),
    );
    expect(found).toEqual([]);
    await expectAlive(server.url, adminKey);
  });

  it('find nothing in what comes over the wire', async () => {
    const found = await faultsIn(wireBytes, casesEach * 2, SEED, async (bytes) => {
      const first = await exchange(server.url, bytes, { halfClose: true, untilClosed: true });
      return first === undefined ? [] : answersIn(first).flatMap(faultsOfBytes);
    });
    expect(found).toEqual([]);
    await expectAlive(server.url, adminKey);
  });

  it('leave a server that runs, logs no errors, and keeps all its invariants', async () => {
    await expectAlive(server.url, adminKey);
    expect(server.hasEnded).toBe(false);
    expect(server.output.split('\n').filter((line) => /"level":"error"|Uncaught|Warning/.test(line))).toEqual(
      [],
    );
    const sql = await superuserOf({ database });
    const rows = async (query: string): Promise<unknown[]> => (await sql.query<object>(query)).rows;
    // No change without its record, no token without its license, no customer gone with a license that lives.
    expect(
      await rows(`SELECT id FROM licenses l WHERE NOT EXISTS (
        SELECT 1 FROM audit_logs WHERE license_id = l.id AND event_type = 'license.issued')`),
    ).toEqual([]);
    expect(
      await rows(`SELECT id FROM customers c WHERE NOT EXISTS (
        SELECT 1 FROM audit_logs WHERE customer_id = c.id AND event_type = 'customer.created')`),
    ).toEqual([]);
    expect(
      await rows(`SELECT id FROM api_keys k WHERE NOT EXISTS (
        SELECT 1 FROM audit_logs WHERE event_type = 'api_key.created' AND event_data->>'id' = k.id)`),
    ).toEqual([]);
    expect(
      await rows(`SELECT l.id FROM licenses l WHERE revision <> (
        SELECT count(*) FROM license_tokens WHERE license_id = l.id)`),
    ).toEqual([]);
    expect(
      await rows(`SELECT l.id FROM licenses l JOIN customers c ON c.id = l.customer_id
        WHERE c.deleted_at IS NOT NULL AND l.status <> 'revoked'`),
    ).toEqual([]);
    expect(
      await rows(`SELECT 1 AS one FROM api_keys
        WHERE 'admin' = ANY(scopes) AND is_active AND expires_at IS NULL AND deleted_at IS NULL LIMIT 1`),
    ).toHaveLength(1);
    await sql.end();
  });
});

/** A batch as large as another request, by its bytes or by its items: those are counted, however short they are. */
function aBatch(like?: Buffer): FuzzRequest {
  // Equal items would be answered once.
  const item = (n: number): string =>
    `{"token":"{{token}}","module_name":"payroll","odoo_version":"17.${n}"}`;
  // A token has about 700 bytes.
  const fitting = Math.floor((like?.length ?? 0) / 800);
  const count = Math.max(1, Math.min(1_000, Math.max(fitting, itemsOf(like))));
  return {
    method: 'POST',
    target: '/api/v1/licenses/validate/batch',
    headers: [
      ['X-API-Key', '{{admin}}'],
      ['Content-Type', 'application/json'],
    ],
    body: `{"items":[${Array.from({ length: count }, (_, n) => item(n)).join(',')}]}`,
  };
}

function itemsOf(request?: Buffer): number {
  const [, body = ''] = (request?.toString('latin1') ?? '').split('\r\n\r\n', 2);
  try {
    const { items } = JSON.parse(body) as { items?: unknown };
    return Array.isArray(items) ? items.length : 0;
  } catch {
    return 0;
  }
}

/** No caller asks to wait: the server's own work meanwhile would count as the cost of the request. */
function withoutWaits(whole: ReturnType<typeof readContract>): ReturnType<typeof readContract> {
  return JSON.parse(
    JSON.stringify(whole),
    (_key, value: { name?: string; schema?: { maximum?: number } } | null) => {
      if (value?.name === 'wait' && value.schema?.maximum !== undefined) value.schema.maximum = 0;
      return value;
    },
  ) as ReturnType<typeof readContract>;
}
