import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expectStatus } from '../support/contract/expect-status';
import { aLicense, type IssuedLicense } from '../support/factories';
import type { CommandLine, Ended } from '../support/processes/command-line';
import { Processes, type ServerProcess } from '../support/processes/server-process';
import { Client } from '../support/requests/client';

const ROOT = join(__dirname, '../..');
const DAY_MS = 86_400_000;

describe('two machines that share nothing: the vendor has the command line, the customer the lib alone', () => {
  const processes = new Processes();
  const vendor = processes.emptyFolder();
  const customer = processes.emptyFolder();
  let server: ServerProcess;
  let aegis: CommandLine;
  let admin: Client;

  beforeAll(async () => {
    const keysDir = join(vendor, 'keys');
    const settings = {
      ENVIRONMENT: 'test',
      DATA_DIR: processes.emptyFolder(),
      KEYS_DIR: keysDir,
      KEY_PASSPHRASE: 'a passphrase for tests',
      ROOT_KEY_PASSPHRASE: 'another passphrase for tests',
      RATE_LIMIT_ENABLED: 'false',
      // The command line signs lists for the same addresses as the server.
      PUBLIC_URL: 'https://licenses.acme.test',
    };
    aegis = processes.commandLine(settings);
    server = await processes.server(settings).ready();
    admin = new Client(server.url, /admin API key: (\S+)/.exec(server.stdout)?.[1] ?? '');
    await ran('keys', 'root', 'init', '--out', join(vendor, 'root'));
    await ran('keys', 'export', '--out', join(vendor, 'keys.json'));
    await ran(
      ...['keys', 'root', 'sign', '--root-key', join(vendor, 'root/root-key.pem')],
      ...['--keys', join(vendor, 'keys.json'), '--out', join(keysDir, 'jwks.jwt'), '--valid-days', '400'],
    );
    // What the customer's software came with.
    cpSync(join(ROOT, 'dist/libs/license-token/src'), join(customer, 'license-token'), { recursive: true });
    cpSync(join(ROOT, 'test/support/offline/machine.cjs'), join(customer, 'machine.cjs'));
    cpSync(join(vendor, 'root/root-key.jwk.json'), join(customer, 'root-key.jwk.json'));
    writeFileSync(join(customer, 'issuer.txt'), String((await admin.get('/info')).body.issuer));
  });
  afterAll(() => processes.close());

  async function ran(...args: string[]): Promise<Ended> {
    const ended = await aegis.run(...args);
    expect([ended.exitCode, ended.exitCode === 0 ? '' : ended.stderr]).toEqual([0, '']);
    return ended;
  }

  /** Runs a program of the customer, which sees its own folder alone. */
  function customerRuns(...args: string[]): string {
    const { stdout, stderr, status } = spawnSync(process.execPath, ['machine.cjs', ...args], {
      cwd: customer,
      env: {},
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, '']);
    return stdout.trim();
  }

  /** Carries texts to the customer. @returns the folder that they are in */
  function carried(texts: Readonly<Record<string, string>>): string {
    const folder = mkdtempSync(join(customer, 'carried-'));
    for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text);
    return folder;
  }

  interface Said {
    code: string;
    revocation: string;
    activation: { id: string; lease_ends_at: string; over: boolean } | null;
  }
  function judged(texts: Readonly<Record<string, string>>, days = 0, fingerprint = 'machine-1'): Said {
    const clock = new Date(Date.now() + days * DAY_MS).toISOString();
    return JSON.parse(customerRuns('judge', fingerprint, clock, carried(texts))) as Said;
  }
  const said = ({ code, revocation }: Said): string => `${code} ${revocation}`;

  const withSeats = (changes: object = {}): Promise<IssuedLicense> =>
    aLicense(admin, {
      license_type: 'subscription',
      duration_days: 3_000,
      seats: { max: 1, mode: 'floating', take_over: true, moves_per_30_days: 10, ...changes },
    });
  function requestOf({ token }: IssuedLicense, fingerprint = 'machine-1'): string {
    return customerRuns('request', join(carried({ 'license.jwt': token }), 'license.jwt'), fingerprint);
  }
  /** The file that the vendor makes of a request. */
  async function fileFor({ id }: IssuedLicense, request: string, days = 300): Promise<string> {
    const out = join(mkdtempSync(join(vendor, 'out-')), 'activation.json');
    await ran('activations', 'offline', id, request, '--days', String(days), '--out', out);
    return readFileSync(out, 'utf8');
  }
  /** The status lists as they are now. */
  async function newerLists(): Promise<Record<string, string>> {
    const folder = mkdtempSync(join(vendor, 'lists-'));
    const { stdout } = await ran('status-list', 'export', folder, '--json');
    const { status_lists } = JSON.parse(stdout) as { status_lists: { list: number; file: string }[] };
    return Object.fromEntries(
      status_lists.map(({ list, file }) => [`${list}.list`, readFileSync(file, 'utf8')]),
    );
  }

  it.each(['fixed', 'floating'])('hold a %s seat together, until the end of the file', async (mode) => {
    const license = await withSeats({ mode });
    const file = await fileFor(license, requestOf(license));
    const verdict = judged({ 'activation.json': file });
    expect(verdict).toMatchObject({ code: 'VALID', revocation: 'fresh', activation: { over: false } });
    const end = Date.parse(verdict.activation?.lease_ends_at ?? '');
    expect(Math.abs(end - Date.now() - 300 * DAY_MS)).toBeLessThan(3_600_000);
    expect(said(judged({ 'activation.json': file }, 299))).toBe('VALID stale');
    expect(said(judged({ 'activation.json': file }, 301))).toBe('STATUS_LIST_STALE stale');
    // The seat is taken meanwhile.
    const to = ['--days', '1', '--out', join(vendor, 'refused.json')];
    const other = await aegis.run('activations', 'offline', license.id, requestOf(license, 'two'), ...to);
    expect([other.exitCode, other.stderr]).toEqual([1, expect.stringContaining('in use') as string]);
  });

  it('refuse each other with the codes of the contract', async () => {
    const license = await withSeats();
    const request = requestOf(license);
    const file = await fileFor(license, request);
    const keySet = readFileSync(join(vendor, 'keys/jwks.jwt'), 'utf8');
    expect(said(judged({ 'license.jwt': license.token, 'jwks.jwt': keySet }))).toBe(
      'ACTIVATION_REQUIRED none',
    );
    const with_ = (changes: object): Record<string, string> => ({
      'activation.json': JSON.stringify({ ...(JSON.parse(file) as object), ...changes }),
    });
    expect(judged(with_({ activation_token: license.token })).code).toBe('ACTIVATION_INVALID');
    const { activation_token: token } = JSON.parse(file) as { activation_token: string };
    expect(judged(with_({ activation_token: `${token.slice(0, -4)}AAAA` })).code).toBe('ACTIVATION_INVALID');
    const stranger = await withSeats();
    expect(judged(with_({ license_token: stranger.token })).code).toBe('ACTIVATION_INVALID');
    expect(judged({ 'activation.json': file }, 0, 'machine-2').code).toBe('ACTIVATION_MISMATCH');
    // It makes another request: the file answers the earlier one.
    const second = requestOf(license);
    expect(judged({ 'activation.json': file }).code).toBe('ACTIVATION_MISMATCH');
    const answer = await fileFor(license, second);
    const [former, later] = [file, answer].map(
      (text) => (JSON.parse(text) as { activation_token: string }).activation_token,
    );
    expect(later).not.toBe(former);
    expect(judged({ 'activation.json': answer })).toMatchObject({ code: 'VALID' });
  });

  it('know of an end and of a revocation only by a newer list, which then counts beyond its own end', async () => {
    const license = await withSeats();
    const file = await fileFor(license, requestOf(license));
    const { activation } = judged({ 'activation.json': file });
    const before = await newerLists();
    await ran('activations', 'end', license.id, activation?.id ?? '', '--reason', 'sold');
    expect(said(judged({ 'activation.json': file, ...before }, 200))).toBe('VALID stale');
    const after = await newerLists();
    expect(judged({ 'activation.json': file, ...after }).code).toBe('ACTIVATION_ENDED');
    // An activation that has ended gives no leave to go without a newer list.
    expect(judged({ 'activation.json': file, ...after }, 200).code).toBe('STATUS_LIST_STALE');

    const again = await fileFor(license, requestOf(license));
    expect(judged({ 'activation.json': again, ...after })).toMatchObject({ code: 'VALID' });
    expectStatus(await admin.post(`/api/v1/licenses/${license.id}/revoke`, { reason: 'refunded' }), 200);
    expect(said(judged({ 'activation.json': again }, 200))).toBe('VALID stale');
    const revoked = await newerLists();
    expect(said(judged({ 'activation.json': again, ...revoked }))).toBe('REVOKED fresh');
    expect(said(judged({ 'activation.json': again, ...revoked }, 200))).toBe('REVOKED stale');
  });

  it('give the same installation the same seat again, with a new file', async () => {
    const license = await withSeats();
    const first = judged({ 'activation.json': await fileFor(license, requestOf(license), 10) });
    const second = judged({ 'activation.json': await fileFor(license, requestOf(license), 20) });
    expect(second.activation?.id).toBe(first.activation?.id);
    expect(Date.parse(second.activation?.lease_ends_at ?? '')).toBeGreaterThan(
      Date.parse(first.activation?.lease_ends_at ?? ''),
    );
  });

  it('accept a request as it was read out, and say what is wrong with one that was not', async () => {
    const license = await withSeats();
    const request = requestOf(license);
    const spelled = request.toLowerCase().replaceAll('0', 'o').replaceAll('1', 'l').replaceAll('-', ' ');
    expect(judged({ 'activation.json': await fileFor(license, spelled) })).toMatchObject({ code: 'VALID' });

    const refusal = async (text: string, id = license.id, days = '30'): Promise<[number | null, string]> => {
      const to = ['--out', join(vendor, 'refused.json')];
      const { exitCode, stderr } = await aegis.run('activations', 'offline', id, text, '--days', days, ...to);
      return [exitCode, stderr];
    };
    const no = (why: string): unknown[] => [1, expect.stringContaining(why)];
    expect(await refusal(request.slice(0, -1))).toEqual(no('must have 104 characters'));
    expect(await refusal(`U${request.slice(1)}`)).toEqual(no('wrong character at position 1,'));
    const last = request.endsWith('0') ? '2' : '0';
    expect(await refusal(request.slice(0, -1) + last)).toEqual(no('has a wrong character, or two'));
    const stranger = await withSeats();
    expect(await refusal(request, stranger.id)).toEqual(no('of another license'));
    const uncounted = await aLicense(admin, { license_type: 'perpetual' });
    expect(await refusal(requestOf(uncounted), uncounted.id)).toEqual(no('does not count seats'));
    expect((await refusal(request, license.id, '0'))[0]).toBe(2);
    expect((await refusal(request, license.id, '3651'))[0]).toBe(2);
  });

  it('list who holds a seat', async () => {
    const license = await withSeats();
    const { activation } = judged({ 'activation.json': await fileFor(license, requestOf(license)) });
    const { stdout } = await ran('activations', 'list', license.id, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ activations: [{ id: activation?.id, mode: 'floating' }] });
    expect((await ran('activations', 'list', license.id)).stdout).toContain(activation?.id);
  });
});
