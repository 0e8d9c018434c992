import { type HeldRequest, heldRequest } from '../support/requests/held-request';
import type { ServerProcess } from '../support/processes/server-process';
import { until } from '../support/until';
import { whatIsLost } from './support/consistency';
import { Load } from './support/load';
import { RowPostgres } from './support/postgres';
import { shortOrLong } from './support/promises';
import { Servers } from './support/servers';
import { template } from './support/template';
import { issueOf, Vendor } from './support/vendor';

const DRAIN_SECONDS = shortOrLong(3, 5);
/** Under load a server has 10 s for the rest, from the end of the drain to its own end. */
const REST_MS = 10_000;
/** Requests that are sent closer than this to the end of the drain may reach a server that has stopped accepting. */
const CLOSE_TO_THE_END_MS = 1000;

describe('SIGTERM under load', () => {
  let postgres: RowPostgres;
  let servers: Servers;
  let load: Load | undefined;

  beforeAll(async () => {
    postgres = await RowPostgres.start();
    servers = new Servers(postgres.applicationUrl);
  });
  afterAll(async () => {
    load?.close();
    await servers.close();
    await postgres.close();
  });

  it('accepts requests for SHUTDOWN_DRAIN_SECONDS after readiness says no, drops nothing, and ends in time', async () => {
    const server = await servers.start({ SHUTDOWN_DRAIN_SECONDS: String(DRAIN_SECONDS) });
    load = new Load(() => [server.url]);
    await load.prepare();
    load.start(await rateOf(server));
    const before = answered();
    await until('the load runs', () => Promise.resolve(answered() > before + 200));
    const held = await heldIssue(server);

    const askedAt = performance.now();
    server.kill('SIGTERM');
    await until('readiness says no', async () => (await server.probe('ready')) === 503);
    const seenAt = performance.now();
    await until('nothing further is accepted', async () => (await server.probe('live')) === 0);
    const late = await held.finish();
    await server.ended;
    const endedAt = performance.now();
    await load.stop();

    expect(await server.ended).toEqual({ code: 0, signal: null });
    const drainMs = DRAIN_SECONDS * 1000;
    expect(endedAt - (seenAt + drainMs)).toBeLessThan(REST_MS);
    // Readiness turned to no after the signal was sent: until then at least, everything is accepted and answered.
    const accepted = load.sentBetween(0, askedAt + drainMs - CLOSE_TO_THE_END_MS);
    expect(accepted.filter(({ reply }) => (reply?.status ?? 0) < 200 || reply!.status > 299)).toEqual([]);
    const whileDraining = accepted.filter(({ sentAt }) => sentAt > seenAt);
    expect(whileDraining.length).toBeGreaterThan(0);
    expect(new Set(whileDraining.map(({ reply }) => reply?.headers.connection))).toEqual(new Set(['close']));
    // What was sent in the last moment was answered, or never taken up.
    const unanswered = load.operations.filter(({ reply }) => reply?.status === 0).map(({ id }) => id);
    expect(
      await postgres.query('SELECT request_id FROM audit_logs WHERE request_id = ANY ($1)', [unanswered]),
    ).toEqual([]);
    // Its body came when nothing further was accepted.
    expect(late.status).toBe(201);
    expect(load.contradictions).toEqual([]);
    expect(await whatIsLost(load, postgres)).toEqual([]);
  });

  const answered = (): number => load!.operations.filter(({ reply }) => reply?.status === 200).length;

  /** 500 requests per second, or half of what this machine does. */
  async function rateOf({ url }: ServerProcess): Promise<number> {
    const measured = new Load(() => [url]);
    await measured.prepare();
    const began = performance.now();
    const rounds = Array.from({ length: 8 }, async () => {
      for (let n = 0; n < 25; n++) await measured.one('validate');
    });
    await Promise.all(rounds);
    measured.close();
    return Math.min(500, 200_000 / (performance.now() - began) / 2);
  }

  /** Issues by a request whose headers the server has, and whose body is still to come. */
  async function heldIssue({ url }: ServerProcess): Promise<HeldRequest> {
    const vendor = new Vendor(() => url);
    const body = issueOf(await vendor.customer());
    vendor.close();
    const request = { method: 'POST', path: '/api/v1/licenses', body };
    return heldRequest(url, request, { 'X-API-Key': template().apiKey });
  }
});
