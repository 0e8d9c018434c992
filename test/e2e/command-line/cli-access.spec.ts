import { Command, CommanderError } from 'commander';
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import promises, { type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { commandTree } from '../../../apps/cli/src/command-line';
import { describeFailure } from '../../../apps/cli/src/failures/describe-failure';
import { Output } from '../../../apps/cli/src/terminal/output';
import { CommandLine } from '../../support/processes/command-line';
import { testDatabase } from '../../support/database/database';

/** What a command does to the database, and a way to call it. */
const COMMANDS: Record<string, { access: 'none' | 'reads' | 'changes' | 'makes'; args?: string[] }> = {
  'keys generate': { access: 'none' },
  'keys list': { access: 'reads' },
  'keys inspect': { access: 'reads', args: ['k'] },
  'keys publish': { access: 'makes', args: ['k'] },
  'keys adopt': { access: 'makes', args: ['k'] },
  'keys adopt-private': { access: 'none', args: ['k', '--file', 'k.pem'] },
  'keys activate': { access: 'changes', args: ['k'] },
  'keys retire': { access: 'changes', args: ['k'] },
  'keys compromise': { access: 'changes', args: ['k', '--yes'] },
  'keys rewrap': { access: 'none' },
  'keys export': { access: 'reads', args: ['--out', 'out'] },
  'keys root init': { access: 'none' },
  'keys root sign': { access: 'none' },
  'api-keys create': { access: 'makes' },
  'api-keys list': { access: 'reads' },
  'api-keys update': { access: 'changes', args: ['0aZ9bY8cX7dW', '--activate'] },
  'api-keys rotate': { access: 'changes', args: ['0aZ9bY8cX7dW'] },
  'api-keys peppers': { access: 'reads' },
  'api-keys delete': { access: 'changes', args: ['0aZ9bY8cX7dW', '--yes'] },
  // It takes the URLs of the databases, and refuses to run without them.
  'database create': { access: 'none' },
  'migrate up': { access: 'makes' },
  'migrate down': { access: 'changes' },
  'migrate status': { access: 'reads' },
  'import licenses': { access: 'makes', args: ['../given.ndjson'] },
  'import v0.8': { access: 'makes' },
  'licenses resign': { access: 'changes', args: ['--key', 'k', '--report', 'report.csv'] },
  'activations list': { access: 'reads', args: ['0bfb0cef-a864-400f-83d4-e8c6bd41dda5'] },
  'activations end': {
    access: 'changes',
    args: [
      '0bfb0cef-a864-400f-83d4-e8c6bd41dda5',
      '5f0c9a3e-8a7b-41ee-b9d1-0242ac120002',
      '--reason',
      'sold',
    ],
  },
  'activations offline': {
    access: 'changes',
    args: ['0bfb0cef-a864-400f-83d4-e8c6bd41dda5', 'request', '--days', '30', '--out', 'file'],
  },
  // It signs, and the key ring keeps its own records.
  'status-list export': { access: 'changes', args: ['lists'] },
  'audit verify': { access: 'reads', args: ['--shipped', '../given.ndjson'] },
  'audit export': { access: 'reads', args: ['out.ndjson'] },
  'audit verify-export': { access: 'none' },
  verify: { access: 'none' },
  inspect: { access: 'none' },
  fingerprint: { access: 'none' },
  'audit drop': { access: 'changes', args: ['--before', '2026-01', '--export', '../given.ndjson', '--yes'] },
  'audit resume': { access: 'changes', args: ['--after', '0', '--yes'] },
  'restore begin': { access: 'changes' },
  'restore reconcile': { access: 'changes', args: ['--shipped', '../given.ndjson'] },
  doctor: { access: 'reads' },
  purge: { access: 'changes' },
  'rotate-secrets status': { access: 'reads' },
  'rotate-secrets peppers': { access: 'reads', args: ['--out', 'out'] },
  'rotate-secrets secrets-key': { access: 'reads', args: ['--out', 'out'] },
  // So does this.
  'rotate-secrets database': { access: 'none' },
};

function tree(): Command {
  const nowhere = new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  return commandTree(new Output(false, nowhere), async (work) => {
    await work;
  });
}

function leaves(command: Command, name = ''): [string, Command][] {
  if (command.commands.length === 0) return [[name, command]];
  return command.commands.flatMap((below) => leaves(below, `${name} ${below.name()}`.trim()));
}

it('says of every command what it does to the database', () => {
  expect(
    leaves(tree())
      .map(([name]) => name)
      .sort(),
  ).toEqual(Object.keys(COMMANDS).sort());
});

describe('in a folder without settings', () => {
  const home = process.cwd();
  const untouched = { ...process.env };
  let parent: string;
  let folder: string;

  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'aegis-nowhere-'));
    folder = join(parent, 'here');
    mkdirSync(folder);
    writeFileSync(join(parent, 'given.ndjson'), '');
    process.chdir(folder);
  });
  afterEach(() => {
    process.chdir(home);
    process.env = { ...untouched };
    rmSync(parent, { recursive: true });
  });

  const mustExist = Object.entries(COMMANDS).filter(([, { access }]) =>
    ['reads', 'changes'].includes(access),
  );

  it.each(mustExist)(
    'aegis %s says that there is no database, and creates nothing',
    async (name, { args = [] }) => {
      const opened = jest.spyOn(promises, 'open');
      let thrown: unknown;
      try {
        await tree().parseAsync([...name.split(' '), ...args], { from: 'user' });
      } catch (error) {
        thrown = error;
      }
      const files = await Promise.allSettled(
        opened.mock.results.map(({ value }) => value as Promise<FileHandle>),
      );
      opened.mockRestore();
      const open = files.filter((file) => file.status === 'fulfilled' && file.value.fd !== -1);
      expect(open).toEqual([]);
      expect(thrown).not.toBeInstanceOf(CommanderError);
      expect(await describeFailure(thrown)).toEqual({
        exitCode: 2,
        code: 'configuration',
        message: expect.stringMatching(
          /^no database found here: set DATABASE_URL, or run in the folder of a started server/,
        ),
      });
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  it.each([
    ['audit', 'verify'],
    ['keys', 'list'],
    ['migrate', 'status'],
  ])('the process of aegis %s %s ends with 2', async (...args) => {
    const { exitCode, stdout, stderr } = await new CommandLine(folder).run(...args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^no database found here: .*\n$/);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('with DATABASE_URL alone', () => {
  it('commands that read make no secret and no file, and name the missing secret', async () => {
    const database = await testDatabase();
    const folder = mkdtempSync(join(tmpdir(), 'aegis-reads-'));
    try {
      const aegis = new CommandLine(folder, { DATABASE_URL: database.applicationUrl });
      expect(await aegis.run('audit', 'verify')).toMatchObject({ exitCode: 0 });
      expect(await aegis.run('keys', 'list')).toMatchObject({ exitCode: 0, stderr: '' });
      const { exitCode, stderr } = await aegis.run('api-keys', 'list');
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(/^API_KEY_PEPPERS: not set, and DATA_DIR\/secrets has none/);
      expect(readdirSync(folder)).toEqual([]);
    } finally {
      await database.drop();
      rmSync(folder, { recursive: true });
    }
  });
});

describe('a path that is typed', () => {
  const PLACEHOLDER = /<(file|folder|pem|path)>/;

  it("is relative to the caller's folder under `npm run aegis`, for each argument and option that is a path", () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'aegis-caller-')));
    const before = { ...process.env };
    process.env.npm_lifecycle_event = 'aegis';
    process.env.INIT_CWD = folder;
    try {
      let checked = 0;
      for (const [, command] of leaves(tree())) {
        const paths = [
          ...command.registeredArguments.filter(({ required }) => required),
          ...command.options.filter(({ flags }) => PLACEHOLDER.test(flags)),
        ].filter((one) => PLACEHOLDER.test('flags' in one ? one.flags : `<${one.name()}>`));
        for (const { parseArg } of paths) {
          const parse = parseArg as (value: string, previous: unknown) => unknown;
          expect([parse('x', [])].flat()).toEqual([join(folder, 'x')]);
          expect([parse('/y', [])].flat()).toEqual(['/y']);
          checked += 1;
        }
      }
      expect(checked).toBeGreaterThan(12);
      process.env.npm_lifecycle_event = 'test';
      const [, verify] = leaves(tree()).find(([name]) => name === 'audit verify')!;
      const { parseArg } = verify.options.find(({ flags }) => flags.startsWith('--shipped'))!;
      expect((parseArg as (value: string) => unknown)('x')).toBe('x');
    } finally {
      process.env = before;
      rmSync(folder, { recursive: true });
    }
  });

  it('is recognisable from the name of its option', () => {
    const others = leaves(tree())
      .flatMap(([, { options }]) => options.map(({ flags, description }) => `${flags} ${description}`))
      .filter(
        (text) => !PLACEHOLDER.test(text) && !text.includes('<number>') && /\b(file|folder)\b/.test(text),
      );
    expect(others).toEqual([expect.stringContaining('--from <source>')]);
  });
});
