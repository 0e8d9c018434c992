import { Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';
import { aCustomer, aLicense, validation } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';
import type { Fault } from '../../support/signers/stand-in-server';
import { VaultStandIn } from '../../support/signers/vault-stand-in';
import { until } from '../../support/until';

describe('a server whose signatures Vault makes', () => {
  let vault: VaultStandIn;
  let server: TestServer;
  let client: Client;
  let customer: { id: string };

  const variables = (): Record<string, string> => ({
    SIGNER: 'vault',
    VAULT_ADDR: `${vault.url}/`,
    VAULT_AUTH: 'approle',
    VAULT_ROLE_ID: vault.appRole.roleId,
    VAULT_SECRET_ID: vault.appRole.secretId,
    VAULT_KEYS: '2026-11-a=license-signing:1',
  });
  const health = async (): Promise<{ status: number; body: Record<string, string> }> => {
    const answer = await fetch(`${server.url}/health`);
    return { status: answer.status, body: (await answer.json()) as Record<string, string> };
  };
  const ready = async (): Promise<number> => (await fetch(`${server.url}/health/ready`)).status;
  const validate = (token: string) => validation(client, token);
  const issue = (key: string): ReturnType<Client['post']> =>
    client.post(
      '/api/v1/licenses',
      {
        customer_id: customer.id,
        module_name: 'payroll',
        allowed_major_versions: ['17'],
        license_type: 'perpetual',
      },
      { 'Idempotency-Key': key },
    );

  beforeEach(async () => {
    vault = await new VaultStandIn().start();
    vault.rotate('license-signing');
    server = await testServer({ variables: variables() });
    client = new Client(server.url, server.adminKey);
    customer = await aCustomer(client);
  });
  afterEach(async () => {
    await server.close();
    await vault.stop();
  });

  it('issues what verifies under the public key that Vault returns', async () => {
    const { token } = await aLicense(client);
    const answer = await validate(token);
    expect(answer.body).toMatchObject({ valid: true });
    const jwks = (await (await fetch(`${server.url}/.well-known/jwks.json`)).json()) as {
      keys: { kid: string; x: string }[];
    };
    const [, key] = await vaultKey();
    expect(jwks.keys).toMatchObject([
      { kid: '2026-11-a', x: Buffer.from(key, 'base64').toString('base64url') },
    ]);
    expect((await health()).body).toMatchObject({ status: 'healthy', signing: 'healthy' });
    expect(server.log()).not.toContain(vault.appRole.secretId);
  });

  it.each<[string, () => Promise<void>, () => Promise<void>]>([
    ['goes away', () => vault.stop(), () => comeBackTo(vault)],
    ['hangs', () => fail('hang'), () => fail(undefined)],
    ['fails', () => fail('status 500'), () => fail(undefined)],
    ['signs with another key', () => fail('foreign signature'), () => fail(undefined)],
  ])(
    'that %s: refuses to issue, serves all else, and issues again afterwards',
    async (_how, leave, comeBack) => {
      const { token } = await aLicense(client);
      await leave();
      // Each waits for the time-out at most; when five have failed, nobody waits any longer.
      for (let attempt = 0; attempt < 6; attempt++) {
        const refused = await issue('an-issue-that-waits');
        expectStatus(refused, 503);
        expect(refused.body).toMatchObject({ code: 'service_unavailable' });
        expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      }
      expect((await validate(token)).body).toMatchObject({ valid: true });
      expect(await ready()).toBe(200);
      expect(await health()).toMatchObject({
        status: 200,
        body: { status: 'degraded', database: 'healthy', signing: 'degraded' },
      });
      await comeBack();
      await until('the signer is known to be back', async () => (await health()).body.signing === 'healthy');
      const issued = await issue('an-issue-that-waits');
      expectStatus(issued, 201);
      const { token: late } = issued.body as { token: string };
      expect((await validate(late)).body).toMatchObject({
        valid: true,
      });
    },
  );

  const comeBackTo = async (service: VaultStandIn): Promise<void> => {
    await service.start();
  };
  const fail = (fault: Fault | undefined): Promise<void> => {
    vault.fault = fault;
    return Promise.resolve();
  };
  /** Version and public key, as Vault returns it. */
  const vaultKey = async (): Promise<[string, string]> => {
    const answer = await fetch(`${vault.url}/v1/transit/keys/license-signing`, {
      headers: { 'X-Vault-Token': 'root' },
    });
    const { data } = (await answer.json()) as { data: { keys: Record<string, { public_key: string }> } };
    const [[version, { public_key }]] = Object.entries(data.keys) as [[string, { public_key: string }]];
    return [version, public_key];
  };
});
