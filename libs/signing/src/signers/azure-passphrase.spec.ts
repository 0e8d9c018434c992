import { loadEnvironment } from '@aegis/config';
import { ConfigurationError } from '@aegis/errors';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AzureStandIn } from '../../../../test/support/signers/azure-stand-in';
import type { Fault } from '../../../../test/support/signers/stand-in-server';
import { SignerUnavailable } from '../signing.errors';
import { type AzureIdentity, unwrapPassphrase } from './azure-passphrase';
import { keyPassphrase } from './key-passphrase';

const PASSPHRASE = 'eine Passphrase mit Umlauten äöü';

describe('a passphrase that Azure Key Vault unwraps', () => {
  let azure: AzureStandIn;
  let folder: string;
  let tokenFile: string;

  beforeEach(async () => {
    azure = await new AzureStandIn().start();
    folder = mkdtempSync(join(tmpdir(), 'aegis-azure-'));
    tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, `${azure.assertion}\n`);
  });
  afterEach(async () => {
    await azure.stop();
    rmSync(folder, { recursive: true });
  });

  const client = (): { authority: string; tenant: string; client: string } => ({
    authority: azure.url,
    tenant: azure.tenant,
    client: azure.client,
  });
  const identities = (): Record<string, AzureIdentity> => ({
    secret: { method: 'secret', ...client(), secret: azure.secret },
    workload: { method: 'workload', ...client(), tokenFile },
    managed: { method: 'managed', client: azure.client, metadataService: azure.url },
  });
  const unwrap = (
    identity: AzureIdentity = identities().secret!,
    wrapped = azure.wrap(PASSPHRASE),
  ): Promise<string> => unwrapPassphrase({ keyUrl: azure.keyUrl, wrapped, identity });

  it.each(['secret', 'workload', 'managed'])('is had under a %s identity', async (method) => {
    expect(await unwrap(identities()[method])).toBe(PASSPHRASE);
  });

  it('is taken in base64url too', async () => {
    expect(await unwrap(undefined, Buffer.from(azure.wrap(PASSPHRASE), 'base64').toString('base64url'))).toBe(
      PASSPHRASE,
    );
  });

  it('is requested as the settings say, with the secret rather than the token file', async () => {
    const environment = loadEnvironment({
      DATA_DIR: folder,
      KEY_PASSPHRASE_WRAPPED: azure.wrap(PASSPHRASE),
      AZURE_KEY_VAULT_KEY: azure.keyUrl,
      AZURE_TENANT_ID: azure.tenant,
      AZURE_CLIENT_ID: azure.client,
      AZURE_CLIENT_SECRET: azure.secret,
      AZURE_FEDERATED_TOKEN_FILE: join(folder, 'missing'),
      AZURE_AUTHORITY_HOST: `${azure.url}/`,
    });
    expect(environment.KEY_PASSPHRASE).toBeUndefined();
    expect(await keyPassphrase(environment)).toBe(PASSPHRASE);
  });

  it('asks for a token of the cloud that the vault is in', async () => {
    await unwrap();
    expect(new URLSearchParams(azure.asked[0]!.body).get('scope')).toBe('https://127.0.0.1/.default');
    // Azure is asked for the token first: where it gives none, the vault is not asked.
    const keyUrl = 'https://our.vault.usgovcloudapi.net/keys/k/1';
    const identity = { ...identities().secret!, secret: 'wrong' } as AzureIdentity;
    await expect(unwrapPassphrase({ keyUrl, wrapped: '', identity })).rejects.toThrow(/answered 401/);
    expect(new URLSearchParams(azure.asked.at(-1)!.body).get('scope')).toBe(
      'https://vault.usgovcloudapi.net/.default',
    );
  });

  it.each<[string, () => Promise<string>]>([
    ['an unknown client', () => unwrap({ ...identities().secret!, secret: 'wrong' } as AzureIdentity)],
    [
      'a token file that is missing',
      () => unwrap({ ...identities().workload!, tokenFile: 'x' } as AzureIdentity),
    ],
    ['what another key wrapped', () => unwrap(undefined, Buffer.alloc(256, 7).toString('base64'))],
    ['what is not text', () => unwrap(undefined, azure.wrap(Buffer.from([0xff, 0xfe])))],
  ])('is refused for %s, without showing a secret', async (_what, ask) => {
    const error = await ask().catch((refused: unknown) => refused);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).not.toContain('wrong');
    expect((error as Error).message).toMatch(/AZURE_|KEY_PASSPHRASE_WRAPPED/);
  });

  it.each<Fault>(['status 429', 'status 500', 'garbage', 'cut'])(
    'is available later when Azure answers by: %s',
    async (fault) => {
      azure.fault = fault;
      await expect(unwrap()).rejects.toThrow(SignerUnavailable);
    },
  );
});
