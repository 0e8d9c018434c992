import { ConfigurationError } from '@aegis/errors';
import { createPublicKey, randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../../test/support/database/database';
import { KeysUnreadable, SecretsKeyMissing } from '../webhooks.errors';
import { EndpointKeyBox } from './endpoint-key-box';
import { SealedEndpointKeys } from './sealed-keys';
import { SecretsKeyChecks } from './secrets-key-checks';
import { sealedVersion, SecretsKeys } from './secrets-keys';

const V1 = `v1:${'first'.repeat(8)}`;
const V2 = `v2:${'other'.repeat(8)}`;
const OTHER_V1 = `v1:${'canary7f3a'.repeat(4)}`;
const ID = '7a51f2f0-3f0e-4c5e-9a53-0d5e1c2b7f10';

const boxOf = (...settings: string[]): EndpointKeyBox => new EndpointKeyBox(new SecretsKeys(settings));

describe('keys of an endpoint', () => {
  it('are opened as they were made, in the forms of Standard Webhooks', async () => {
    const box = boxOf(V1);
    const { sealed, secret, publicKey } = await box.make(ID);
    const keys = await box.open(ID, sealed);
    expect(secret).toBe(`whsec_${keys.secret.toString('base64')}`);
    expect(keys.secret).toHaveLength(32);
    const spki = createPublicKey(keys.privateKey).export({ format: 'jwk' });
    expect(publicKey).toBe(`whpk_${Buffer.from(spki.x!, 'base64url').toString('base64')}`);
    const other = await box.make(ID);
    expect(other.secret).not.toBe(secret);
    expect(other.publicKey).not.toBe(publicKey);
  });

  it('are not readable where they are stored', async () => {
    const { sealed, secret } = await boxOf(V1).make(ID);
    const raw = Buffer.from(secret.slice('whsec_'.length), 'base64');
    for (const part of sealed.split('.')) expect(Buffer.from(part, 'base64url').includes(raw)).toBe(false);
    expect(sealed).not.toContain(secret.slice('whsec_'.length, 30));
  });

  it('are not opened for another endpoint, nor after a change, nor under another secret', async () => {
    const { sealed } = await boxOf(V1).make(ID);
    await expect(boxOf(V1).open(randomUUID(), sealed)).rejects.toThrow(KeysUnreadable);
    const parts = sealed.split('.');
    for (const index of [0, 2, 3, 4]) {
      const bytes = Buffer.from(parts[index]!, 'base64url');
      bytes[bytes.length - 2]! ^= 1;
      const changed = parts.with(index, bytes.toString('base64url')).join('.');
      await expect(boxOf(V1).open(ID, changed)).rejects.toThrow(/decrypted|version/);
    }
    await expect(boxOf(V1).open(ID, 'sealed')).rejects.toThrow(KeysUnreadable);
    await expect(boxOf(V1).open(ID, '')).rejects.toThrow(KeysUnreadable);
    await expect(boxOf(OTHER_V1).open(ID, sealed)).rejects.toThrow(KeysUnreadable);
  });

  it('need SECRETS_KEY, in the version that they are under', async () => {
    const { sealed } = await boxOf(V1).make(ID);
    await expect(boxOf().make(ID)).rejects.toThrow('This server has no SECRETS_KEY');
    await expect(boxOf().open(ID, sealed)).rejects.toThrow(SecretsKeyMissing);
    await expect(boxOf(V2).open(ID, sealed)).rejects.toThrow('version v1 of SECRETS_KEY');
    expect(await boxOf(V2, V1).open(ID, sealed)).toEqual(await boxOf(V1).open(ID, sealed));
  });

  it('are made under the first version, and moved to it', async () => {
    const { sealed } = await boxOf(V1, V2).make(ID);
    expect(sealedVersion(sealed)).toBe('v1');
    expect(await boxOf(V1, V2).renew(ID, sealed)).toBeUndefined();
    const renewed = await boxOf(V2, V1).renew(ID, sealed);
    expect(sealedVersion(renewed!)).toBe('v2');
    expect((await boxOf(V2).open(ID, renewed!)).secret).toEqual((await boxOf(V1).open(ID, sealed)).secret);
  });
});

describe('keys of all endpoints', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeEach(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([]);
  });
  afterEach(() => database.drop());

  const sealedOf = (...settings: string[]): SealedEndpointKeys =>
    new SealedEndpointKeys(dataSource, new SecretsKeys(settings), boxOf(...settings));
  async function endpoint(keys: string, previous: string | null = null, id: string = ID): Promise<void> {
    await dataSource.query(
      `INSERT INTO webhook_endpoints (id, url, api_version, keys, public_key, created_by, previous_keys, previous_valid_until)
       VALUES ($1, 'https://hooks.example.com/', '1', $2, 'whpk_', 'Ada', $3::text, CASE WHEN $3::text IS NOT NULL THEN now() END)`,
      [id, keys, previous],
    );
  }
  const row = async (id = ID): Promise<{ keys: string; previous_keys: string | null }> => {
    const rows = await dataSource.query<{ keys: string; previous_keys: string | null }[]>(
      'SELECT keys, previous_keys, version, updated_at FROM webhook_endpoints WHERE id = $1',
      [id],
    );
    return rows[0]!;
  };

  it('are moved to the current version, which is no change of the endpoint', async () => {
    const [keys, previous] = [await boxOf(V1).make(ID), await boxOf(V1).make(ID)];
    await endpoint(keys.sealed, previous.sealed);
    const before = await row();
    expect(await sealedOf(V2, V1).byVersion()).toEqual(new Map([['v1', 1]]));
    await sealedOf(V1, V2).renew();
    expect(await row()).toEqual(before);
    await sealedOf(V2, V1).renew();
    const after = await row();
    expect(after).toEqual({ ...before, keys: after.keys, previous_keys: after.previous_keys });
    expect(await sealedOf(V2).byVersion()).toEqual(new Map([['v2', 1]]));
    const opened = await boxOf(V2).open(ID, after.previous_keys!);
    expect(`whsec_${opened.secret.toString('base64')}`).toBe(previous.secret);
  });

  it('are moved although those of another endpoint cannot be opened', async () => {
    const broken = randomUUID();
    await endpoint((await boxOf(V1).make(ID)).sealed, null, broken);
    await endpoint((await boxOf(V1).make(ID)).sealed);
    await expect(sealedOf(V2, V1).renew()).rejects.toThrow(broken);
    expect(sealedVersion((await row()).keys)).toBe('v2');
    await sealedOf().renew();
  });

  it('are those of a secret that the database knows by its version', async () => {
    const start = (...settings: string[]): Promise<void> =>
      new SecretsKeyChecks(dataSource, new SecretsKeys(settings)).onModuleInit();
    await start();
    await start(V1);
    await start(V2, V1);
    await start(V2);
    const refusal = await start(OTHER_V1).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ConfigurationError);
    expect(String(refusal)).toMatch(/SECRETS_KEY: the secret given for v1 is not the one/);
    expect(String(refusal)).not.toContain('canary7f3a');
    expect(await new SecretsKeyChecks(dataSource, new SecretsKeys([V1])).versions()).toEqual(['v1', 'v2']);
    for (const statement of [
      'UPDATE secrets_key_checks SET version = version',
      'DELETE FROM secrets_key_checks',
    ])
      await expect(dataSource.query(statement)).rejects.toThrow(/permission denied/);
  });
});
