import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ArchivedPostgres, nextSecond } from '../../support/deployment/archived-postgres';
import { aCustomer, aLicense, type IssuedLicense, verdictOf } from '../../support/factories';
import type { CommandLine, Ended } from '../../support/processes/command-line';
import { Processes, type ServerProcess } from '../../support/processes/server-process';
import { WIDE_LIMITS } from '../../support/processes/wide-limits';
import { Client } from '../../support/requests/client';
import { until } from '../../support/until';

const hasPgBackRest = spawnSync('pgbackrest', ['version']).status === 0;
// Under CI a missing tool is a failure, not a reason to skip.
const describeRestore = hasPgBackRest || process.env.CI === 'true' ? describe : describe.skip;
/** Licenses of each fate; `npm run drill:restore` sets more. */
const COUNT = Number(process.env.RESTORE_DRILL_LICENSES ?? 5);
const AT_ONCE = 20;

jest.setTimeout(1_800_000);

describeRestore('a restore to an earlier moment (Debian package pgbackrest is needed)', () => {
  const processes = new Processes();
  let postgres: ArchivedPostgres;
  let aegis: CommandLine;
  let settings: Record<string, string>;
  let admin: string;

  beforeAll(async () => {
    postgres = await ArchivedPostgres.start();
    const folder = processes.emptyFolder();
    settings = {
      ENVIRONMENT: 'test',
      DATABASE_URL: postgres.url('aegis_app', 'aegis'),
      MIGRATION_DATABASE_URL: postgres.url('aegis_owner', 'aegis'),
      DATA_DIR: join(folder, 'data'),
      KEYS_DIR: join(folder, 'keys'),
      KEY_PASSPHRASE: 'a passphrase for tests',
      API_KEY_PEPPERS: 'v1:0123456789abcdef0123456789abcdef',
      CHECKPOINT_SINK: `file:${join(folder, 'shipped.txt')}`,
      ...WIDE_LIMITS,
    };
    aegis = processes.commandLine(settings);
    const administrator = aegis.with({ ADMIN_DATABASE_URL: postgres.url('postgres', 'postgres') });
    expectYes(await administrator.run('database', 'create'));
    expectYes(await aegis.run('migrate', 'up'));
    postgres.pgBackRest('stanza-create');
    postgres.pgBackRest('check');
  });
  afterAll(async () => {
    await processes.close();
    await postgres.close();
  });

  const shipped = (): string => settings.CHECKPOINT_SINK!.slice('file:'.length);

  function expectYes({ exitCode, stdout, stderr }: Ended): string {
    expect({ exitCode, said: exitCode === 0 ? '' : stdout + stderr }).toEqual({ exitCode: 0, said: '' });
    return stdout;
  }

  async function makeLicenses(client: Client, count: number): Promise<IssuedLicense[]> {
    const { id } = await aCustomer(client);
    const licenses: IssuedLicense[] = [];
    while (licenses.length < count)
      licenses.push(
        ...(await Promise.all(
          Array.from({ length: Math.min(AT_ONCE, count - licenses.length) }, () =>
            aLicense(client, { customer_id: id, license_type: 'subscription', duration_days: 30 }),
          ),
        )),
      );
    return licenses;
  }

  async function changeAll(
    client: Client,
    licenses: readonly IssuedLicense[],
    what: string,
    body: object,
  ): Promise<void> {
    for (let at = 0; at < licenses.length; at += AT_ONCE)
      await Promise.all(
        licenses.slice(at, at + AT_ONCE).map(async ({ id }) => {
          expect((await client.post(`/api/v1/licenses/${id}/${what}`, body)).status).toBe(200);
        }),
      );
  }

  async function untilShipped(): Promise<void> {
    await until('all of it is shipped', async () => {
      const [row] = await postgres.query(
        `SELECT (SELECT count(*)::int FROM audit_logs WHERE id NOT IN (SELECT audit_id FROM audit_seals)) AS unsealed,
                (SELECT jws FROM audit_checkpoints ORDER BY number DESC LIMIT 1) AS last`,
        'aegis',
      );
      return row?.unsealed === 0 && readFileSync(shipped(), 'utf8').includes(String(row.last));
    });
  }

  async function expectVerdicts(
    server: ServerProcess,
    expected: Record<string, IssuedLicense[]>,
  ): Promise<void> {
    const anyone = new Client(server.url);
    for (const [verdict, licenses] of Object.entries(expected))
      for (const { token } of licenses) expect(await verdictOf(anyone, token)).toBe(verdict);
  }

  it('forgets no revocation, and loses no license, that was shipped', async () => {
    const server = await processes.server(settings).ready();
    const made = expectYes(
      await aegis.run('api-keys', 'create', '--name', 'drill', '--scopes', 'admin', '--json'),
    );
    admin = (JSON.parse(made) as { key: string }).key;
    const client = new Client(server.url, admin);
    const [untouched, revokedBefore, revoked, suspended, reinstated, renewed] = [
      await makeLicenses(client, COUNT),
      await makeLicenses(client, COUNT),
      await makeLicenses(client, COUNT),
      await makeLicenses(client, COUNT),
      await makeLicenses(client, COUNT),
      await makeLicenses(client, COUNT),
    ];
    await changeAll(client, revokedBefore, 'revoke', { reason: 'chargeback' });
    await changeAll(client, reinstated, 'suspend', { reason: 'unpaid' });
    postgres.pgBackRest('--type=full', 'backup');
    const moment = await nextSecond(postgres);

    await changeAll(client, revoked, 'revoke', { reason: 'chargeback' });
    await changeAll(client, suspended, 'suspend', { reason: 'unpaid' });
    await changeAll(client, reinstated, 'reinstate', { reason: 'paid' });
    await changeAll(client, renewed, 'renew', { duration_days: 365 });
    const issued = await makeLicenses(client, COUNT);
    const issuedAndRevoked = await makeLicenses(client, COUNT);
    await changeAll(client, issuedAndRevoked, 'revoke', { reason: 'mistake' });
    await untilShipped();
    const expected = {
      VALID: [...untouched, ...reinstated, ...renewed, ...issued],
      REVOKED: [...revokedBefore, ...revoked, ...issuedAndRevoked],
      SUSPENDED: suspended,
    };
    await expectVerdicts(server, expected);
    await untilShipped();
    postgres.pgBackRest('check');
    await server.stop('SIGKILL');
    await postgres.destroy();

    const restoredIn = await seconds(async () => {
      postgres.pgBackRest('--type=time', `--target=${moment}`, '--target-action=promote', 'restore');
      await postgres.run();
    });
    expectYes(await aegis.run('restore', 'begin', '--json'));

    const early = processes.server(settings);
    await until('it listens', async () => (await early.probe('live')) === 200);
    expect(await early.probe('ready')).toBe(503);
    const answer = await new Client(early.url).post('/api/v1/licenses/validate', {
      token: revoked[0]!.token,
      module_name: 'payroll',
      odoo_version: '17.0',
    });
    expect([answer.status, answer.body.code]).toEqual([503, 'restore_not_reconciled']);
    await early.stop();

    let said = '';
    const reconciledIn = await seconds(async () => {
      said = expectYes(await aegis.run('restore', 'reconcile', '--shipped', shipped(), '--json'));
    });
    const reconciled = JSON.parse(said) as { records: number };
    expect(reconciled).toMatchObject({ reconciled: true, sealed: true, unproven: null, not_replayed: [] });
    expect(
      JSON.parse(expectYes(await aegis.run('restore', 'reconcile', '--shipped', shipped(), '--json'))),
    ).toEqual({
      reconciled: false,
      sealed: true,
    });

    const again = await processes.server(settings).ready();
    await expectVerdicts(again, expected);
    await makeLicenses(new Client(again.url, admin), 1);
    await untilShipped();
    await again.stop();
    expectYes(await aegis.run('audit', 'verify', '--shipped', shipped()));
    const doctor = JSON.parse(expectYes(await aegis.run('doctor', '--json'))) as { problem: number };
    expect(doctor.problem).toBe(0);
    process.stdout.write(
      `restored in ${restoredIn} s, reconciled in ${reconciledIn} s: ${reconciled.records} records, ${8 * COUNT} licenses\n`,
    );
  });
});

/** Of some work, to a tenth. */
async function seconds(work: () => Promise<void>): Promise<string> {
  const began = performance.now();
  await work();
  return ((performance.now() - began) / 1000).toFixed(1);
}
