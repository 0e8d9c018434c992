import type { TransitKey } from '@aegis/config';
import { ConfigurationError } from '@aegis/errors';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { VaultStandIn } from '../../../../test/support/signers/vault-stand-in';
import { until } from '../../../../test/support/until';
import { SignerUnavailable } from '../signing.errors';
import { SignerGuard } from './signer-guard';
import { SignerMetrics } from './signer-metrics';
import { type VaultLogin, VaultSession } from './vault-session';
import { VaultSource } from './vault-source';

const INPUT = Buffer.from('header.claims');

describe('keys in Vault', () => {
  let vault: VaultStandIn;
  let folder: string;
  const sources: VaultSource[] = [];

  beforeEach(async () => {
    vault = await new VaultStandIn().start();
    vault.rotate('aegis');
    folder = mkdtempSync(join(tmpdir(), 'aegis-vault-'));
  });
  afterEach(async () => {
    await Promise.all(sources.splice(0).map((source) => source.close()));
    await vault.stop();
    rmSync(folder, { recursive: true });
  });

  const token: VaultLogin = { method: 'token', token: 'root' };
  const appRole = (): VaultLogin => ({ method: 'approle', mount: 'approle', ...vault.appRole });
  const kubernetes = (): VaultLogin => ({
    method: 'kubernetes',
    mount: 'kubernetes',
    role: vault.kubernetes.role,
    jwtFile: join(folder, 'token'),
  });
  const source = (
    login: VaultLogin = token,
    keys: TransitKey[] = [{ name: 'aegis' }],
    { url = vault.url, namespace = undefined as string | undefined } = {},
  ): VaultSource => {
    const logger = new Logger({ level: 'error', format: 'json', stream: new PassThrough().resume() });
    const made = new VaultSource({
      session: new VaultSession({ url, namespace }, login),
      mount: 'transit',
      keys,
      guard: new SignerGuard({ timeoutMs: 20_000, logger, metrics: new SignerMetrics(new Metrics()) }),
      openTimeoutMs: 20_000,
    });
    sources.push(made);
    return made;
  };
  const logins = (): number => vault.asked.filter(({ path }) => path.endsWith('/login')).length;
  const renewals = (): number => vault.asked.filter(({ path }) => path.endsWith('/renew-self')).length;
  const signs = async (from: VaultSource, kid = 'aegis-v1'): Promise<boolean> =>
    (await (await from.open(kid)).signer.sign(INPUT)).length === 64;

  it.each<[string, () => VaultLogin]>([
    ['a token', () => token],
    ['an AppRole', appRole],
    ['a service account of Kubernetes', kubernetes],
  ])('sign under %s', async (_how, login) => {
    writeFileSync(join(folder, 'token'), `${vault.kubernetes.jwt}\n`);
    expect(await signs(source(login()))).toBe(true);
  });

  it('are requested with one login, no matter how many signatures are requested at once', async () => {
    const from = source(appRole());
    await Promise.all(Array.from({ length: 10 }, () => from.kids()));
    expect(logins()).toBe(1);
  });

  it('continue to sign with a new login when the token is refused', async () => {
    const from = source(appRole());
    const { signer } = await from.open('aegis-v1');
    vault.revokeTokens();
    const signed = await Promise.all(Array.from({ length: 10 }, () => signer.sign(INPUT)));
    expect(signed.map(({ length }) => length)).toEqual(Array(10).fill(64));
    expect(logins()).toBe(2);
  });

  it('read the token of Kubernetes again for each login', async () => {
    writeFileSync(join(folder, 'token'), vault.kubernetes.jwt);
    const from = source(kubernetes());
    await from.kids();
    vault.kubernetes.jwt = 'a.newer.account';
    writeFileSync(join(folder, 'token'), vault.kubernetes.jwt);
    vault.revokeTokens();
    expect(await from.kids()).toEqual(['aegis-v1']);
  });

  it('are used with a token that is renewed before it ends', async () => {
    vault.ttl = 0.03;
    const from = source(appRole());
    await until('the token is renewed', async () => {
      await from.kids();
      return renewals() > 1;
    });
    expect(logins()).toBe(1);
  });

  it('keep a fixed token alive, too', async () => {
    vault.tokens.set('periodic', { ttl: 0.03, renewals: 0 });
    const from = source({ method: 'token', token: 'periodic' });
    await until('the token is renewed', async () => {
      await from.kids();
      return vault.tokens.get('periodic')!.renewals > 0;
    });
  });

  it('are used in their namespace', async () => {
    vault.namespace = 'licensing/prod';
    expect(await signs(source(appRole(), undefined, { namespace: 'licensing/prod' }))).toBe(true);
    await expect(source(appRole()).kids()).rejects.toThrow(ConfigurationError);
  });

  it('sign under the kid that a setting gives a version, and under no other', async () => {
    vault.rotate('aegis');
    const from = source(token, [
      { name: 'aegis', pinned: { kid: 'k1', version: 1 } },
      { name: 'aegis', pinned: { kid: 'k2', version: 2 } },
      { name: 'aegis', pinned: { kid: 'k3', version: 3 } },
    ]);
    expect(await from.kids()).toEqual(['k1', 'k2']);
    const [one, two] = await Promise.all(['k1', 'k2'].map((kid) => from.open(kid)));
    expect(one!.publicKey.equals(two!.publicKey)).toBe(false);
    for (const { signer } of [one!, two!]) expect(await signer.sign(INPUT)).toHaveLength(64);
    for (const kid of ['k3', 'aegis-v1']) await expect(from.open(kid)).rejects.toThrow(ConfigurationError);
  });

  it('do not sign with a version below the one that the key still signs with', async () => {
    vault.rotate('aegis');
    vault.keys.get('aegis')!.minimum = 2;
    const from = source();
    expect(await from.kids()).toEqual(['aegis-v2']);
    await expect(from.open('aegis-v1')).rejects.toThrow(/has no Ed25519 version 1 that signs/);
  });

  it.each<[string, () => VaultSource, RegExp]>([
    ['a token that is refused', () => source({ method: 'token', token: 'wrong' }), /answered 403.*policy/],
    [
      'an AppRole that is refused',
      () => source({ ...appRole(), secretId: 'wrong' } as VaultLogin),
      /answered 400/,
    ],
    ['a service account token that is missing', () => source(kubernetes()), /VAULT_JWT_FILE/],
    ['a key that is missing', () => source(token, [{ name: 'none' }]), /answered 404 at transit\/keys\/none/],
    [
      'a key of another type',
      () => (vault.rotate('rsa', 'rsa-2048'), source(token, [{ name: 'rsa' }])),
      /rsa-2048/,
    ],
  ])('refuse %s at the start, without showing a secret', async (_what, from, message) => {
    const error = await from()
      .kids()
      .catch((refused: unknown) => refused);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toMatch(message);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('wrong');
  });

  it.each(['status 429', 'status 500', 'garbage', 'cut'] as const)(
    'are available later when Vault answers by: %s',
    async (fault) => {
      vault.fault = fault;
      await expect(source().kids()).rejects.toThrow(SignerUnavailable);
      await expect(source(appRole()).open('aegis-v1')).rejects.toThrow(SignerUnavailable);
    },
  );

  it('never send the token to an address that Vault redirects to', async () => {
    const elsewhere = createServer((_request, response) => {
      response.writeHead(307, { Location: `${vault.url}/v1/transit/keys/aegis` }).end();
    }).listen(0, '127.0.0.1');
    await once(elsewhere, 'listening');
    const url = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
    await expect(source(token, undefined, { url }).kids()).rejects.toThrow(SignerUnavailable);
    expect(vault.asked).toHaveLength(0);
    elsewhere.close();
  });
});
