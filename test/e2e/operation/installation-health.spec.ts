import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { generateKeyPairSync } from 'node:crypto';
import { expectStatus } from '../../support/contract/expect-status';
import { superuserOf } from '../../support/database/sql';
import { aDelivery, aLicense, anApiKey } from '../../support/factories';
import { activateKey, giveKeySet } from '../../support/keys/signing-keys';
import { testServer, type TestServer } from '../../support/processes/server';
import { Client } from '../../support/requests/client';
import { until } from '../../support/until';

const PATH = '/api/v1/admin/health';

interface ShownPart {
  name: string;
  status: string;
  findings: { alarm: string; message: string }[];
  measures: Record<string, number>;
}

describe('the health of an installation', () => {
  let folder: string;
  let server: TestServer;
  let admin: Client;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-health-'));
    server = await testServer({
      variables: { CHECKPOINT_SINK: pathToFileURL(join(folder, 'checkpoints')).href },
    });
    admin = new Client(server.url, server.adminKey);
  });
  afterEach(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  async function health(): Promise<{ status: string; parts: Record<string, ShownPart> }> {
    const answer = await admin.get(PATH);
    expectStatus(answer, 200);
    const { status, parts } = answer.body as { status: string; parts: ShownPart[] };
    return { status, parts: Object.fromEntries(parts.map((part) => [part.name, part])) };
  }
  const untilFound = (name: string, alarm: string): Promise<void> =>
    until(`${name} is not well`, async () =>
      (await health()).parts[name]!.findings.some((finding) => finding.alarm === alarm),
    );

  it('is shown part by part, to callers with stats:read', async () => {
    await aLicense(admin);
    await until('nothing is wrong', async () => (await health()).status === 'healthy');
    const { parts } = await health();
    expect(Object.entries(parts).map(([name, { status }]) => `${name} ${status}`)).toEqual([
      ...['database healthy', 'signing healthy', 'signed_key_set off', 'audit_trail healthy'],
      ...['checkpoint_sink healthy', 'events healthy', 'webhooks healthy', 'status_lists healthy'],
      ...['read_replicas off', 'api_keys healthy', 'jobs healthy'],
    ]);
    expect(parts.audit_trail!.measures).toEqual({
      aegis_checkpoint_lag_seconds: expect.any(Number),
      aegis_oldest_write_transaction_seconds: expect.any(Number),
    });
    const { key } = await anApiKey(admin, { scopes: ['stats:read'] });
    const answer = await new Client(server.url, key).get(PATH);
    expectStatus(answer, 200);
    for (const secret of [folder, server.keysDir, '127.0.0.1', 'postgres'])
      expect(JSON.stringify(answer.body)).not.toContain(secret);
  });

  it('says that nothing can be signed, and that the signed key set is outdated', async () => {
    await giveKeySet(server);
    await untilFound('signed_key_set', 'AegisKeySetOutdated');
    const sql = await superuserOf(server);
    const { x } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
    await sql.query(
      `INSERT INTO signing_keys (kid, alg, public_key, state) VALUES ('elsewhere', 'EdDSA', $1, 'pending')`,
      [x],
    );
    await sql.end();
    await activateKey(server.database, 'elsewhere');
    await untilFound('signing', 'AegisCannotSign');
    const { status, parts } = await health();
    expect([status, parts.signing!.status, parts.signing!.measures.aegis_signing_ready]).toEqual([
      'degraded',
      'degraded',
      0,
    ]);
  });

  it('says that a webhook receives nothing', async () => {
    await aDelivery(admin);
    await untilFound('webhooks', 'AegisWebhooksFail');
    expect((await health()).parts.webhooks!.findings).toEqual([
      { alarm: 'AegisWebhooksFail', message: '1 webhook(s) receive nothing: each attempt fails.' },
    ]);
  });
});
