import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { CertificateAuthority } from '../support/processes/certificates';
import type { ServerProcess } from '../support/processes/server-process';
import { until } from '../support/until';
import { RowPostgres } from './support/postgres';
import { shortOrLong } from './support/promises';
import { Servers, untilReadyAgain } from './support/servers';
import { Vendor } from './support/vendor';

const LICENSES = 6;

interface Message {
  id: string;
  sequence: number;
  data: { license_id?: string };
}

describe('kill -9 while webhooks are delivered', () => {
  let postgres: RowPostgres;
  let servers: Servers;
  let server: ServerProcess;
  let vendor: Vendor;
  let receiver: Server;
  let webhook: string;
  let licenses: string[];
  let settings: Record<string, string>;
  let received: Message[];

  beforeEach(async () => {
    received = [];
    postgres = await RowPostgres.start();
    servers = new Servers(postgres.applicationUrl);
    const authority = new CertificateAuthority('P-256');
    const { certificate: cert, privateKey: key } = authority.serverCertificate('localhost');
    const trusted = join(servers.emptyFolder(), 'ca.pem');
    writeFileSync(trusted, authority.certificate);
    receiver = createServer({ cert, key }, (request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        received.push(JSON.parse(body) as Message);
        response.writeHead(204).end();
      });
    });
    receiver.listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    settings = {
      SECRETS_KEY: 'v1:0123456789abcdef0123456789abcdef',
      WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8,::1/128',
      NODE_EXTRA_CA_CERTS: trusted,
    };
    server = await servers.start(settings);
    vendor = new Vendor(() => server.url);
    const url = `https://localhost:${(receiver.address() as AddressInfo).port}/hook`;
    webhook = (await vendor.made<{ id: string }>('/api/v1/admin/webhooks', { url })).id;
    const customer = await vendor.customer();
    licenses = [];
    for (let n = 0; n < LICENSES; n += 1) licenses.push((await vendor.license(customer)).id);
  });
  afterEach(async () => {
    vendor.close();
    await servers.close();
    await postgres.close();
    receiver.closeAllConnections();
    receiver.close();
  });

  /** Changes licenses until the work has ended; some of the changes fail. */
  async function whileChanging(work: () => Promise<void>): Promise<void> {
    let isOver = false;
    const change = async (id: string): Promise<void> => {
      for (let n = 0; !isOver; n += 1)
        await vendor.send('PATCH', `/api/v1/licenses/${id}`, { notes: `change ${n}` });
    };
    const changes = Promise.all(licenses.map(change));
    try {
      await work();
    } finally {
      isOver = true;
      await changes;
    }
  }

  /** Waits until so many more messages have arrived. */
  async function moreArrive(count: number): Promise<void> {
    const before = received.length;
    await until('messages arrive', () => Promise.resolve(received.length >= before + count));
  }

  /** Waits until every event was delivered. Claims of who has ended are over after 30 seconds: here after 12. */
  async function untilAllAreDelivered(): Promise<void> {
    await until('all is delivered', async () => {
      await postgres.query(
        `UPDATE webhook_deliveries SET due_at = now()
         WHERE state = 'pending' AND due_at > now() AND attempted_at < now() - interval '12 seconds'`,
      );
      const [left] = await postgres.query<{ count: number }>(
        `SELECT (SELECT count(*) FROM event_outbox)::int
              + (SELECT count(*) FROM webhook_deliveries WHERE state <> 'delivered')::int AS count`,
      );
      return left?.count === 0;
    });
  }

  /** Every event arrived, the sequences have no gap, and the first arrivals are in the order of each license. */
  async function expectAllInOrder(): Promise<void> {
    const deliveries = await postgres.query<{ id: string; sequence: number }>(
      `SELECT 'evt_' || replace(event.id::text, '-', '') AS id, delivery.sequence::int AS sequence
       FROM events AS event LEFT JOIN webhook_deliveries AS delivery ON delivery.position = event.position
       WHERE event.position > (SELECT min(position) - 1 FROM webhook_deliveries WHERE endpoint_id = $1)
       ORDER BY event.position`,
      [webhook],
    );
    expect(deliveries.map(({ sequence }) => sequence)).toEqual(deliveries.map((_, index) => index + 1));
    const first = new Map<string, Message>();
    for (const message of received) if (!first.has(message.id)) first.set(message.id, message);
    expect([...first.keys()].sort()).toEqual(deliveries.map(({ id }) => id).sort());
    for (const license of licenses) {
      const order = [...first.values()]
        .filter(({ data }) => data.license_id === license)
        .map(({ sequence }) => sequence);
      expect(order.length).toBeGreaterThan(0);
      expect(order).toEqual([...order].sort((one, other) => one - other));
    }
  }

  it('of the server: every event arrives, in the order of its license, and no sequence is missing', async () => {
    await whileChanging(async () => {
      for (let time = 0; time < shortOrLong(3, 50); time += 1) {
        await moreArrive(20 + time);
        server.kill('SIGKILL');
        await server.ended;
        // As if the 30 seconds had passed for which its claims last.
        await postgres.query(
          `UPDATE webhook_deliveries SET due_at = now() WHERE state = 'pending' AND attempted_at IS NOT NULL`,
        );
        server = await servers.start(settings);
      }
      await moreArrive(20);
    });
    await untilAllAreDelivered();
    await expectAllInOrder();
  });

  it('of PostgreSQL: every event arrives, in the order of its license, and no sequence is missing', async () => {
    await whileChanging(async () => {
      for (let time = 0; time < shortOrLong(3, 50); time += 1) {
        await moreArrive(20 + time);
        await postgres.kill();
        await postgres.start();
        await untilReadyAgain(server);
      }
      await moreArrive(20);
    });
    expect(server.hasEnded).toBe(false);
    await untilAllAreDelivered();
    await expectAllInOrder();
  });
});
