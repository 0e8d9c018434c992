import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { aLicense } from '../../support/factories';
import { type Claims, seconds, signed } from '../../support/keys/forger';
import { blocksOf } from '../../support/pages';
import { freePort } from '../../support/processes/free-port';
import { Processes, type ServerProcess } from '../../support/processes/server-process';
import { hasPythonTools, InstalledClient } from '../../support/python/installed-client';
import { Client } from '../../support/requests/client';
import { until } from '../../support/until';

const PAGE = 'clients/python/README.md';
const VECTORS = join(__dirname, '../../../clients/vectors');
const EXAMPLE = join(__dirname, '../../../clients/examples/python-program');
/** Rules of docs/token-format.md: how the client keeps one, how it is broken, and the vector that must notice. */
const RULES = [
  {
    file: 'formats/strict_json.py',
    kept: 'if len(read) != len(members):',
    broken: 'if False:',
    vector: 'json-doubled-name',
  },
  {
    file: 'keys/public_key.py',
    kept: 'self.is_weak or ',
    broken: '',
    vector: 'signature-small-order-holds-8',
  },
  {
    file: 'keys/public_key.py',
    kept: ' or is_small_order(signed.signature[:32])',
    broken: '',
    vector: 'signature-small-order-r-8',
  },
  {
    file: 'judging/judge.py',
    kept: 'and now >= claims.expires_at',
    broken: 'and now > claims.expires_at',
    vector: 'end-at',
  },
  {
    file: 'judging/judge.py',
    kept: 'if claims.issuer not in options.issuers:',
    broken: 'if False:',
    vector: 'issuer-mismatch',
  },
];
// Under CI a missing tool is a failure, not a reason to skip.
const describeIt = hasPythonTools || process.env.CI === 'true' ? describe : describe.skip;
const because = hasPythonTools
  ? ''
  : ' (Debian packages of .ci/packages.txt are needed: python3-…, mypy, twine)';

describeIt(`clients/python, built and installed${because}`, () => {
  const processes = new Processes();
  const cache = processes.emptyFolder();
  let client: InstalledClient;

  const programs = blocksOf(PAGE, 'python');
  const [buildsAndInstalls = '', worksOnIt = ''] = blocksOf(PAGE);

  beforeAll(() => {
    client = new InstalledClient(processes.emptyFolder());
    client.makeEnvironment();
    client.commands(buildsAndInstalls);
  });
  afterAll(() => processes.close());

  it('is a wheel and an sdist that twine finds nothing wrong with, and typed for Python 3.9', () => {
    // The tests themselves run below, with the wheel.
    const said = client.commands(worksOnIt, { PYTEST_ADDOPTS: '--collect-only -q', MYPY_CACHE_DIR: cache });
    expect(said.match(/PASSED/g)).toHaveLength(2);
    expect(said).toContain('Success: no issues found');
    expect(client.built()).toHaveLength(2);
  });

  it('has types, a license, and a mark against being uploaded', () => {
    const script = `
import importlib.metadata, pathlib, aegis_client
metadata = importlib.metadata.metadata("aegis-client")
files = [str(file) for file in importlib.metadata.files("aegis-client")]
assert "venv" in aegis_client.__file__, aegis_client.__file__
assert aegis_client.__version__ == metadata["Version"]
assert "Private :: Do Not Upload" in metadata.get_all("Classifier")
assert metadata.get_all("Requires-Dist") == ["cryptography (>=3.4.8)"], metadata.get_all("Requires-Dist")
assert "aegis_client/py.typed" in files and any(file.endswith("LICENSE") for file in files), files
`;
    client.run(client.python, ['-c', script]);
  });

  it('passes its own tests, and the shared vectors', () => {
    const said = client.run(client.python, ['-m', 'pytest', '-q', '-p', 'no:cacheprovider'], client.source, {
      AEGIS_VECTORS: VECTORS,
    });
    expect(said).toMatch(/^\d{4,} passed in/m);
  });

  it('fails a vector for each rule that is broken', () => {
    const copy = join(processes.emptyFolder(), 'python');
    cpSync(client.source, copy, { recursive: true });
    for (const { file, kept, broken } of RULES) {
      const path = join(copy, 'src/aegis_client', file);
      const text = readFileSync(path, 'utf8');
      expect(text.split(kept)).toHaveLength(2);
      writeFileSync(path, text.replace(kept, broken));
    }
    const { status, stdout } = spawnSync(
      client.python,
      ['-m', 'pytest', '-q', '--tb=no', '-p', 'no:cacheprovider', 'tests/test_vectors.py'],
      {
        cwd: copy,
        encoding: 'utf8',
        env: { ...process.env, AEGIS_VECTORS: VECTORS, PYTHONPATH: join(copy, 'src') },
      },
    );
    expect(status).toBe(1);
    for (const { vector } of RULES) expect(stdout).toContain(`[${vector}]`);
  });

  it('has types that programs are checked by', () => {
    const example = join(EXAMPLE, 'program.py');
    const wrong = join(client.source, 'wrong.py');
    writeFileSync(
      wrong,
      'from aegis_client import verify_license\nverify_license(b"x", keys=[], issuer=1)\n',
    );
    const options = ['--strict', '--cache-dir', cache, '--python-version', '3.9'];
    const check = [...options, '--python-executable', client.python];
    client.run('/usr/bin/mypy', [...check, example]);
    expect(() => client.run('/usr/bin/mypy', [...check, wrong])).toThrow(/call-arg.*[^]*arg-type/);
  });

  describe('the programs of its page', () => {
    const ours = generateKeyPairSync('ed25519');
    const root = generateKeyPairSync('ed25519');
    const jwk = { ...ours.publicKey.export({ format: 'jwk' }), kid: 'k1' };
    const ID = '0bfb0cef-a864-400f-83d4-e8c6bd41dda5';
    const ISSUER = 'https://license.acme.test';
    const uri = `${ISSUER}/api/v1/status-lists/0`;
    const [verifies, guards, requests, answers] = programs;
    const made = (typ: string, claims: Claims, key = ours): string =>
      signed(key.privateKey, { alg: 'EdDSA', typ, kid: 'k1' }, claims);
    const inFile = (name: string): string => join(client.source, name);
    const program = (...blocks: (string | undefined)[]): string[] =>
      client
        .run(client.python, ['-c', blocks.join('\n')], client.source)
        .trim()
        .split('\n');

    beforeAll(() => {
      const bound = '5f0c9a3e-8a7b-11ee-b9d1-0242ac120002:erp.acme.test';
      writeFileSync(
        inFile('license.jwt'),
        made('JWT', {
          jti: ID,
          iss: ISSUER,
          iat: seconds(-60),
          customer: { id: 'acme', name: 'Acme' },
          module: { technical_name: 'payroll', allowed_major_versions: ['17'] },
          license_type: 'perpetual',
          instance_fingerprint: `sha256:${createHash('sha256').update(bound).digest('hex')}`,
          entitlements: { max_employees: 250 },
          seats: { mode: 'fixed', required: false },
          rev: 1,
          status: { status_list: { idx: 0, uri } },
        }),
      );
      const lst = deflateSync(Uint8Array.of(0)).toString('base64url');
      const times = { iat: seconds(-60), exp: seconds(86_400) };
      writeFileSync(
        inFile('status-list.jwt'),
        made('statuslist+jwt', { sub: uri, ...times, ttl: 300, status_list: { bits: 2, lst } }),
      );
      writeFileSync(inFile('jwks.json'), JSON.stringify({ keys: [jwk] }));
      writeFileSync(inFile('root.json'), JSON.stringify(root.publicKey.export({ format: 'jwk' })));
    });

    it('verify a license, with its list and with a guard', () => {
      expect(program(verifies, guards)).toEqual(['VALID Acme None', 'VALID fresh unknown', 'employees: 250']);
      expect(program(verifies, guards)[1]).toBe('VALID fresh ok');
    });

    it('ask for an offline file, and read the answer', () => {
      const shown = program(verifies, requests).at(-1);
      expect(shown).toMatch(/^(?:[0-9A-Z]{5}-){20}[0-9A-Z]{4}$/);
      const { nonce, fingerprint } = JSON.parse(readFileSync(inFile('request.json'), 'utf8')) as {
        nonce: string;
        fingerprint: string;
      };
      const activation = {
        iss: ISSUER,
        jti: '5f0c9a3e-8a7b-41ee-b9d1-0242ac120002',
        sub: ID,
        fp: createHash('sha256').update(`${ID}:${fingerprint}`).digest('hex'),
        fence: 1,
        iat: seconds(-60),
        exp: seconds(86_400),
        nonce,
      };
      const keySet = { iat: seconds(-60), exp: seconds(86_400), keys: [jwk], compromised: [] };
      const file = {
        format: 'aegis-offline-activation/1',
        license_token: readFileSync(inFile('license.jwt'), 'utf8'),
        activation_token: made('aegis-activation+jwt', activation),
        key_set: made('jwk-set+jwt', keySet, root),
        status_lists: [readFileSync(inFile('status-list.jwt'), 'utf8')],
      };
      writeFileSync(inFile('activation.json'), JSON.stringify(file));
      expect(program(verifies, answers).at(-1)).toMatch(/^VALID HeldSeat\(id='5f0c9a3e-/);
    });
  });

  describe('against a server', () => {
    let server: ServerProcess;
    let admin: Client;
    let environment: Record<string, string>;

    beforeAll(async () => {
      const port = await freePort();
      const url = `http://127.0.0.1:${port}`;
      server = processes.server({
        ENVIRONMENT: 'test',
        PORT: String(port),
        PUBLIC_URL: url,
        DATA_DIR: processes.emptyFolder(),
        KEYS_DIR: join(processes.emptyFolder(), 'keys'),
        KEY_PASSPHRASE: 'a passphrase for tests',
        RATE_LIMIT_ENABLED: 'false',
      });
      await server.ready();
      const [, key = ''] = /admin API key: (\S+)/.exec(server.stdout) ?? [];
      admin = new Client(url, key);
      environment = { AEGIS: url, AEGIS_API_KEY: key };
    });

    it('the programs of its page call it, and hold a seat', () => {
      const said = client.run(
        client.python,
        ['-c', programs.slice(4).join('\n')],
        client.source,
        environment,
      );
      expect(said.trim().split('\n')).toEqual([
        'payroll active',
        expect.stringMatching(/^409 license_/),
        'VALID True',
      ]);
    });

    /** The example in a folder of its own, as its page makes it. */
    function installed(token: string): string {
      const folder = processes.emptyFolder();
      cpSync(EXAMPLE, folder, { recursive: true });
      writeFileSync(join(folder, 'license.jwt'), `${token}\n`);
      const [settings = ''] = blocksOf('clients/examples/python-program/README.md');
      client.run('/bin/sh', ['-ec', settings.replace(/^python3 .*$/m, '')], folder, environment);
      return folder;
    }
    /** Runs the example until `ends` ends it. */
    async function runs(folder: string, ends: (said: () => string, child: ChildProcess) => Promise<void>) {
      const child = spawn(client.python, ['program.py', '.'], { cwd: folder });
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (text: Buffer) => (output += text.toString()));
      const closed = once(child, 'close');
      await ends(() => output, child);
      const [code] = (await closed) as [number | null];
      return { code, lines: output.trim().split('\n') };
    }
    const hasSaid = (said: () => string, line: RegExp): Promise<void> =>
      until('the program has checked its license', () => Promise.resolve(line.test(said())));
    const saysVerdict = async (said: () => string, child: ChildProcess): Promise<void> => {
      await hasSaid(said, /^[A-Z_]+ (?:fresh|stale|none) .*\n/m);
      child.kill('SIGTERM');
    };
    const inUse = async (id: string): Promise<unknown> =>
      (await admin.get(`/api/v1/licenses/${id}/seats`)).body.in_use;

    it('the example holds a seat, gives it back, and learns of a revocation', async () => {
      const { id, token } = await aLicense(admin, {
        seats: { max: 1, mode: 'floating', lease_seconds: 600 },
      });
      const folder = installed(token);
      let held: unknown;
      const first = await runs(folder, async (said, child) => {
        await hasSaid(said, /\n/);
        held = await inUse(id);
        child.kill('SIGTERM');
      });
      expect(first).toEqual({ code: 0, lines: ['VALID fresh unknown Acme Corporation'] });
      expect([held, await inUse(id)]).toEqual([1, 0]);

      await admin.post(`/api/v1/licenses/${id}/revoke`, { reason: 'refunded' });
      await until('the list has it', async () => {
        const another = installed(token);
        const { lines } = await runs(another, saysVerdict);
        return lines.some((line) => line.startsWith('REVOKED fresh'));
      });
    });

    it('the example runs without the server while its lease lasts', async () => {
      const { token } = await aLicense(admin, { seats: { max: 1, mode: 'floating', lease_seconds: 600 } });
      const folder = installed(token);
      await runs(folder, async (said, child) => {
        await hasSaid(said, /\n/);
        child.kill('SIGKILL');
      });
      await server.stop();
      const { code, lines } = await runs(folder, saysVerdict);
      expect([code, lines.at(-1)]).toEqual([0, 'VALID fresh ok Acme Corporation']);
    });
  });
});
