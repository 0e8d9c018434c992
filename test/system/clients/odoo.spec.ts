import {
  type EmbeddedPostgres,
  removeEmbeddedPostgres,
  startEmbeddedPostgres,
} from '@aegis/embedded-postgres';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { aLicense } from '../../support/factories';
import { blocksOf } from '../../support/pages';
import { freePort } from '../../support/processes/free-port';
import { Processes } from '../../support/processes/server-process';
import { installPypiPrograms, pypiPrograms } from '../../support/python/pypi-programs';
import { Client } from '../../support/requests/client';

const CLIENTS = join(__dirname, '../../../clients');
const SERIES = ['17.0', '18.0', '19.0'];
const NOT_SOURCES = /\/(__pycache__|build|dist|[^/]+\.egg-info|\.[a-z]+_cache)$/;
const hasTools =
  spawnSync('/usr/bin/python3', ['-c', 'import cryptography, mypy, psycopg2, pytest, venv']).status === 0;
// Under CI a missing tool is a failure, not a reason to skip.
const describeIt = hasTools || process.env.CI === 'true' ? describe : describe.skip;
const because = hasTools ? '' : ' (Debian packages of .ci/packages.txt are needed: python3-…, mypy)';

/** A mistake, the file that it is put into, and the test that must notice. */
const MISTAKES = [
  ['a copy renews the seat', 'licensing/seats.py', 'not is_here or ', '', 'uuid_of_its_own'],
  [
    'users read the token',
    'models/aegis_license.py',
    'string="License", copy=False, groups="base.group_system"',
    'string="License", copy=False',
    'users_read',
  ],
  [
    'tokens are cut',
    'licensing/migration.py',
    '"license_token": "text"',
    '"license_token": "character(10)"',
    'other_types',
  ],
] as const;

describeIt(`clients/odoo: its logic, and its models with a stand-in of Odoo${because}`, () => {
  const processes = new Processes();
  const folder = processes.emptyFolder();
  const addon = join(folder, 'clients/odoo');
  const [builds = '', worksOnIt = ''] = blocksOf('clients/odoo/README.md');
  const dataDir = join(folder, 'postgres');
  let postgres: EmbeddedPostgres;

  /** Runs commands in the copy. */
  const run = (commands: string, from = addon) => {
    const { status, stdout, stderr } = spawnSync('/bin/sh', ['-ec', commands], {
      cwd: from,
      encoding: 'utf8',
      env: {
        ...process.env,
        PATH: `/usr/bin:/bin:${pypiPrograms('pylint-odoo')}`,
        PYTHONDONTWRITEBYTECODE: '1',
        PYTEST_ADDOPTS: '-q -p no:cacheprovider',
        MYPY_CACHE_DIR: '/dev/null',
        AEGIS_VECTORS: join(CLIENTS, 'vectors'),
        AEGIS_ODOO_TEST_DATABASE: postgres.superuserUrl,
      },
    });
    return { status, said: stdout + stderr };
  };

  beforeAll(async () => {
    postgres = await startEmbeddedPostgres({ dataDir, durable: false });
    await installPypiPrograms('pylint-odoo');
    for (const part of ['python', 'odoo']) {
      mkdirSync(join(folder, 'clients', part), { recursive: true });
      const copied = { recursive: true, filter: (path: string) => !NOT_SOURCES.test(path) };
      cpSync(join(CLIENTS, part), join(folder, 'clients', part), copied);
    }
  });
  afterAll(async () => {
    await postgres.release();
    await removeEmbeddedPostgres(dataDir);
    await processes.close();
  });

  it('is built for each series by the command of its page', () => {
    expect(run(builds)).toMatchObject({ status: 0 });
    expect(readdirSync(join(addon, 'dist')).sort()).toEqual([
      ...SERIES,
      ...SERIES.map((series) => `aegis_client-${series}.2.0.0.zip`),
    ]);
  });

  it('passes its tests on PostgreSQL and on the stand-in, mypy, and pylint-odoo for each series', () => {
    const { status, said } = run(worksOnIt);
    expect([status, said]).toEqual([0, expect.stringMatching(/^\d{3,} passed in/m)]);
    expect(said).not.toMatch(/skipped/);
    expect(said).toContain('Success: no issues found');
    expect(said.match(/rated at 10\.00\/10/g)).toHaveLength(SERIES.length);
  });

  it('takes a seat from a server, which its copy does not get', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const server = processes.server({
      ENVIRONMENT: 'test',
      PORT: new URL(url).port,
      PUBLIC_URL: url,
      LICENSE_ISSUER: url,
      DATA_DIR: processes.emptyFolder(),
      KEYS_DIR: join(processes.emptyFolder(), 'keys'),
      KEY_PASSPHRASE: 'a passphrase for tests',
    });
    await server.ready();
    const [, key = ''] = /admin API key: (\S+)/.exec(server.stdout) ?? [];
    const admin = new Client(url, key);
    const db_uuid = '5f0c9a3e-8a7b-11ee-b9d1-0242ac120002';
    const domain = 'ERP.acme.test:8069';
    const named = await admin.post('/api/v1/licenses/fingerprint', { db_uuid, domain });
    const asked = {
      jwks: (await admin.get('/.well-known/jwks.json')).body,
      parameters: { 'database.uuid': db_uuid, 'aegis.issuer': url },
      token: (await aLicense(admin, { seats: { max: 1, mode: 'fixed' } })).token,
      bound: (await aLicense(admin, { instance_fingerprint: named.body.fingerprint })).token,
    };
    const script = [join(addon, 'tests/against_server.py'), join(addon, 'dist/17.0/aegis_client')];
    const { stdout, stderr } = spawnSync('/usr/bin/python3', script, {
      input: JSON.stringify(asked),
      encoding: 'utf8',
    });
    expect([JSON.parse(stdout || 'null'), stderr]).toEqual([
      [
        'ACTIVATION_REQUIRED none',
        'This database holds a seat of the license.',
        '0',
        'VALID fresh',
        'ACTIVATION_MISMATCH fresh',
        'All seats of the license are in use',
        'The seat has been given back.',
        'This database holds a seat of the license.',
        'VALID fresh',
        'VALID none',
        'INSTANCE_MISMATCH none',
      ],
      '',
    ]);
    await server.stop();
  });

  it.each(MISTAKES)('tests notice a mistake: %s', (_, name, right, wrong, test) => {
    const file = join(addon, 'aegis_client', name);
    const source = readFileSync(file, 'utf8');
    expect(source.split(right)).toHaveLength(2);
    writeFileSync(file, source.replace(right, wrong));
    try {
      expect(run(`python3 -m pytest -x -k ${test}`)).toMatchObject({ status: 1 });
    } finally {
      writeFileSync(file, source);
    }
  });
});
