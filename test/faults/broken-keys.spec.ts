import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Canaries } from '../support/keys/canaries';
import type { ServerProcess } from '../support/processes/server-process';
import { VaultStandIn } from '../support/signers/vault-stand-in';
import type { Fault } from '../support/signers/stand-in-server';
import { until } from '../support/until';
import { median } from './support/caller';
import { emptyDatabase, migratingAtStart } from './support/empty-database';
import { RowPostgres } from './support/postgres';
import { SLOW_MACHINE } from './support/promises';
import { Servers } from './support/servers';
import { PRODUCTION_SETTINGS, template } from './support/template';
import { issueOf, Vendor } from './support/vendor';

const REFUSAL_MS = 1000;

describe('signing keys and signers that are broken', () => {
  let postgres: RowPostgres;
  let servers: Servers;
  const canaries = new Canaries();
  const messages = new Map<string, string>();
  const launched = new Map<string, { server: ServerProcess; keysDir: string }>();

  beforeAll(async () => {
    postgres = await RowPostgres.start();
    servers = new Servers(postgres.applicationUrl);
    // From now on the key is on record, as the one that signs.
    await (await servers.start()).stop('SIGKILL');
    canaries.watch('passphrase', PRODUCTION_SETTINGS.KEY_PASSPHRASE);
    canaries.watch('pepper', PRODUCTION_SETTINGS.API_KEY_PEPPERS.slice(3));
    canaries.watch('password of the database', template().passwords.application);
    // At once: most of what a start takes is for loading the program.
    for (const [what, , settings] of refusals) {
      const changes = settings();
      const keysDir = changes.KEYS_DIR ?? template().keysDir;
      launched.set(what, { server: servers.launch(changes), keysDir });
    }
  });
  afterAll(async () => {
    await servers.close();
    await postgres.close();
  });

  /** A copy of KEYS_DIR, changed. */
  function keys(change: (privateFile: string, publicFile: string) => void): Record<string, string> {
    const folder = servers.emptyFolder();
    cpSync(template().keysDir, folder, { recursive: true });
    const file = (suffix: string): string =>
      join(
        folder,
        readdirSync(folder).find((name) => name.endsWith(suffix))!,
      );
    change(file('.private.pem'), file('.public.pem'));
    return { KEYS_DIR: folder };
  }

  /** PKCS#8 in PEM, encrypted with the passphrase of the settings. */
  function encrypted(key: KeyObject): string {
    return key
      .export({
        type: 'pkcs8',
        format: 'pem',
        cipher: 'aes-256-cbc',
        passphrase: PRODUCTION_SETTINGS.KEY_PASSPHRASE,
      })
      .toString();
  }

  const refusals: [string, RegExp, () => Record<string, string>][] = [
    [
      'a missing key file',
      /KEYS_DIR has no file \S+\.private\.pem/,
      () =>
        keys((file) => {
          rmSync(file);
        }),
    ],
    [
      'a wrong passphrase',
      /The passphrase of \S+\.private\.pem is wrong/,
      () => ({ KEY_PASSPHRASE: canaries.plant('wrong passphrase') }),
    ],
    [
      'a key file that others may read',
      /\.private\.pem in KEYS_DIR has mode 0644/,
      () =>
        keys((file) => {
          chmodSync(file, 0o644);
        }),
    ],
    [
      'a key of another type',
      /\.private\.pem contains a key of type ec, not Ed25519/,
      () =>
        keys((file) => {
          const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
          writeFileSync(file, encrypted(privateKey));
        }),
    ],
    [
      'two files that are not a pair',
      /\.private\.pem and \S+\.public\.pem in KEYS_DIR are not a pair/,
      () =>
        keys((_file, publicFile) => {
          const { publicKey } = generateKeyPairSync('ed25519');
          writeFileSync(publicFile, publicKey.export({ type: 'spki', format: 'pem' }));
        }),
    ],
    [
      'another key under the id of the active one',
      /is not the one that the database knows/,
      () =>
        keys((file, publicFile) => {
          const { privateKey, publicKey } = generateKeyPairSync('ed25519');
          writeFileSync(file, encrypted(privateKey));
          writeFileSync(publicFile, publicKey.export({ type: 'spki', format: 'pem' }));
        }),
    ],
  ];

  it.each(refusals)('%s: refuses to start, says which it is, and shows no secret', async (what, message) => {
    const { server, keysDir } = launched.get(what)!;
    expect(await server.ended).toEqual({ code: 2, signal: null });
    expect(server.stderr).toMatch(message);
    expect([...messages].filter(([, before]) => message.test(before))).toEqual([]);
    messages.set(what, server.stderr);
    expectNoSecret(server, keysDir);
  });

  it('a signer that hangs or signs wrongly: 503 within a second, each with its reason, and well again after it', async () => {
    const vault = await new VaultStandIn().start();
    vault.rotate('license-signing');
    vault.appRole.secretId = canaries.plant('secret id of Vault');
    const database = await emptyDatabase(postgres);
    const settings = {
      ...migratingAtStart(database),
      SIGNER: 'vault',
      VAULT_ADDR: `${vault.url}/`,
      VAULT_AUTH: 'approle',
      VAULT_ROLE_ID: vault.appRole.roleId,
      VAULT_SECRET_ID: vault.appRole.secretId,
      VAULT_KEYS: '2026-11-a=license-signing:1',
    };
    const server = await servers.start(settings);
    const make = ['api-keys', 'create', '--name', 'shop', '--scopes', 'admin', '--json'];
    const { stdout } = await servers.commandLine(settings).run(...make);
    const { key } = JSON.parse(stdout) as { key: string };
    const vendor = new Vendor(() => server.url, key);
    const customer = await vendor.customer();
    const { token } = await vendor.license(customer);
    try {
      for (const [fault, reason] of [
        ['hang', /"result":"timeout"|timed out|did not answer/i],
        ['foreign signature', /does not hold under its public key/],
      ] satisfies [Fault, RegExp][]) {
        const said = server.output.length;
        vault.fault = fault;
        const refused = [];
        for (let n = 0; n < 7; n++)
          refused.push(await vendor.send('POST', '/api/v1/licenses', issueOf(customer)));
        expect(refused.map(({ status }) => status)).toEqual(Array<number>(7).fill(503));
        for (const { headers } of refused) expect(Number(headers['retry-after'])).toBeGreaterThan(0);
        const durations = refused.map(({ milliseconds }) => milliseconds);
        expect(median(durations)).toBeLessThan(REFUSAL_MS);
        expect(Math.max(...durations)).toBeLessThan(REFUSAL_MS * SLOW_MACHINE);
        expect(server.output.slice(said)).toMatch(reason);
        expect((await vendor.validate(token)).body).toMatchObject({ code: 'VALID' });
        vault.fault = undefined;
        await until('licenses are issued again', async () => {
          return (await vendor.send('POST', '/api/v1/licenses', issueOf(customer))).status === 201;
        });
      }
      vault.fault = 'hang';
      // It starts, since the key is on record: licenses are valid for all that.
      const late = await servers.start(settings);
      expect(late.output).toMatch(/the signing key \S+ can't be reached/);
      const atLate = new Vendor(() => late.url, key);
      expect((await atLate.validate(token)).body).toMatchObject({ code: 'VALID' });
      expect((await atLate.send('POST', '/api/v1/licenses', issueOf(customer))).status).toBe(503);
      atLate.close();
      canaries.watch('session of Vault', [...vault.tokens.keys()].at(-1)!);
      for (const each of [server, late]) expectNoSecret(each, template().keysDir);
    } finally {
      vendor.close();
      await vault.stop();
    }
  });

  /** No passphrase, password or pepper, and no line of a private key's file. */
  function expectNoSecret({ output }: ServerProcess, keysDir: string): void {
    expect(canaries.foundIn(output)).toEqual([]);
    for (const name of readdirSync(keysDir).filter((each) => each.endsWith('.private.pem')))
      for (const line of readFileSync(join(keysDir, name), 'utf8').split('\n'))
        if (line.length > 30 && !line.startsWith('-----')) expect(output).not.toContain(line);
  }
});
