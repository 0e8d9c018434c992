import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseProxy, MarkerSearch } from '../../support/database/database-proxy';
import { CommandLine, type Ended } from '../../support/processes/command-line';
import { Trail } from '../../support/trail/trail';

/** Of the statement that counts the records that wait: everything that is verified before it was. */
const COUNTING = Buffer.from('count(*)::int AS waiting');

describe('aegis audit, where a verification ends with an error', () => {
  let trail: Trail;
  let folder: string;
  let proxy: DatabaseProxy;
  let aegis: CommandLine;
  let keys: string;

  beforeAll(async () => {
    trail = await Trail.open();
    await trail.sealed();
    folder = mkdtempSync(join(tmpdir(), 'aegis-audit-'));
    proxy = await DatabaseProxy.before(trail.database.applicationUrl);
    proxy.onConnection = ({ cut }) => {
      const counting = new MarkerSearch(COUNTING);
      return {
        toDatabase: (chunk) => {
          if (!counting.endsIn(chunk)) return true;
          cut();
          return false;
        },
      };
    };
    aegis = new CommandLine(folder, {
      ENVIRONMENT: 'test',
      DATABASE_URL: proxy.of(trail.database.applicationUrl),
      MIGRATE_ON_START: 'false',
      DATA_DIR: join(folder, 'data'),
    });
    keys = join(folder, 'keys.json');
    writeFileSync(keys, JSON.stringify(await trail.keyRing.jwks()));
  });
  afterAll(async () => {
    await proxy.close();
    await trail.close();
    rmSync(folder, { recursive: true });
  });

  const verify = (...args: string[]): Promise<Ended> => aegis.run('audit', 'verify', ...args);

  it('says "unknown" if it found nothing', async () => {
    const { exitCode, stdout, stderr } = await verify();
    expect([exitCode, stdout]).toEqual([3, '']);
    expect(stderr).toContain('The database cannot be reached');
  });

  it('says "unknown" if its findings do not decide it', async () => {
    const none = join(folder, 'none.json');
    writeFileSync(none, '{"keys": []}');
    const { exitCode, stdout } = await verify('--keys', none, '--json');
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([
      3,
      { findings: [{ kind: 'key_not_held' }], error: { code: 'database_unavailable' } },
    ]);
  });

  it('says no if it found something invalid', async () => {
    const record = await trail.idOf('C-7');
    await trail.tamper(`UPDATE audit_logs SET actor = 'cli:mallory' WHERE id = ${record}`);
    try {
      const { exitCode, stdout } = await verify('--json');
      expect([exitCode, JSON.parse(stdout)]).toEqual([
        1,
        {
          findings: [{ kind: 'record_edited', record, checkpoint: 2 }],
          error: { code: 'database_unavailable', message: expect.stringContaining('is not valid') },
        },
      ]);
      const text = await verify();
      expect(text.exitCode).toBe(1);
      expect(text.stdout).toContain(`record ${record} was edited`);
      expect(text.stderr).toMatch(/cannot be reached.*\nThe verification was not completed\./);
    } finally {
      await trail.tamper(`UPDATE audit_logs SET actor = 'system' WHERE id = ${record}`);
    }
  });

  describe('because a line is too long', () => {
    const direct = (): CommandLine => aegis.with({ DATABASE_URL: trail.database.applicationUrl });

    it.each([
      [2, ''],
      [1, 'not a checkpoint\nnor this\n'],
    ])('with exit code %i, after shipped checkpoints %j', async (expected, before) => {
      const shipped = join(folder, 'shipped.txt');
      writeFileSync(shipped, `${(await trail.checkpoints())[0]!}\n${before}${'x'.repeat(8_388_609)}\n`);
      const { exitCode, stderr } = await direct().run('audit', 'verify', '--shipped', shipped);
      expect(exitCode).toBe(expected);
      expect(stderr).toContain(
        `Line ${before === '' ? 2 : 4} of ${shipped} has more than 8388608 characters.`,
      );
    });

    it.each([
      [2, ''],
      [1, 'not a line\n'],
    ])('with exit code %i, after lines of an export %j', async (expected, before) => {
      const file = join(folder, `trail-${expected}.ndjson`);
      await direct().run('audit', 'export', file);
      const lines = readFileSync(file, 'utf8').split('\n');
      writeFileSync(file, `${lines.slice(0, 3).join('\n')}\n${before}${'x'.repeat(8_388_609)}\n`);
      const { exitCode, stderr } = await aegis.run('audit', 'verify-export', file, '--keys', keys);
      expect(exitCode).toBe(expected);
      expect(stderr).toContain(`Line ${before === '' ? 4 : 5} of ${file} has more than 8388608 characters.`);
    });
  });
});
