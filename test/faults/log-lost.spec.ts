import { closeSync, openSync } from 'node:fs';
import { freePort } from '../support/processes/free-port';
import { probeAt, untilReady } from '../support/processes/server-process';
import { until } from '../support/until';
import { MetricsReading } from './support/metrics';
import { RowPostgres } from './support/postgres';
import { Servers } from './support/servers';
import { Vendor } from './support/vendor';

const LOST = 'aegis_log_lines_lost_total';

describe('a log that nobody takes', () => {
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

  /** Licenses are issued and validated, and each line that is lost meanwhile is counted. */
  async function servesOn(url: string, metricsUrl: string): Promise<void> {
    const lost = async (): Promise<number> => (await MetricsReading.at(metricsUrl)).value(LOST) ?? 0;
    const before = await lost();
    const vendor = new Vendor(() => url);
    const customer = await vendor.customer();
    for (let n = 0; n < 10; n++) {
      const { token } = await vendor.license(customer);
      expect((await vendor.validate(token)).body).toMatchObject({ code: 'VALID' });
    }
    vendor.close();
    // One line for each request: of the customer, of 10 licenses, of 10 validations.
    await until('the lines are counted', async () => (await lost()) >= before + 21);
  }

  it('because the disk is full: the server continues, counts the lost lines, and ends cleanly', async () => {
    const full = openSync('/dev/full', 'w');
    const [port, metricsPort] = [await freePort(), await freePort()];
    const ports = { PORT: String(port), METRICS_PORT: String(metricsPort), SHUTDOWN_DRAIN_SECONDS: '0' };
    const server = servers.launch(ports, ['ignore', full, full]);
    closeSync(full);
    const url = `http://127.0.0.1:${port}`;
    await untilReady(server, () => probeAt(url, 'ready'));
    await servesOn(url, `http://127.0.0.1:${metricsPort}`);
    expect(await server.stop()).toEqual({ code: 0, signal: null });
  });

  it('because its pipe is closed: the server continues, counts the lost lines, and ends cleanly', async () => {
    const server = await servers.start({ SHUTDOWN_DRAIN_SECONDS: '0' });
    expect((await MetricsReading.of(server)).value(LOST)).toBe(0);
    server.child.stdout!.destroy();
    server.child.stderr!.destroy();
    await servesOn(server.url, MetricsReading.urlOf(server));
    expect(await server.stop()).toEqual({ code: 0, signal: null });
  });
});
