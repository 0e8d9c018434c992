import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { giveToAnotherUser } from '../../../../test/support/another-user';
import { exportStatusLists } from '../licenses/export-status-lists';
import { formatOf, ResignReportFile } from '../licenses/resign-report';
import { writeSecretFile } from '../rotation/secret-file';
import { newLineFile } from './line-sink';
import { Output } from './output';
import { UsageProblem } from './usage-problem';

const OLD = 'license_id,\n';
const output = new Output(false, new PassThrough().resume());
const none = (): Readable => Readable.from([]);
/** Everything on the command line that writes a file, besides keys and key sets. */
const WRITERS: Record<string, (path: string) => Promise<unknown>> = {
  'lines of an export': async (path) => (await newLineFile(path)).close(),
  'a secret': (path) => writeSecretFile(path, 'secret'),
  'a report': async (path) => (await ResignReportFile.begin(path, none())).close(),
  'what a report would replace': (path) => formatOf(path),
  'status lists': (path) => exportStatusLists(output, path, undefined),
  'one status list': (path) => exportStatusLists(output, path, 0),
};

let folder: string;
const at = (...names: string[]): string => join(folder, ...names);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aegis-output-'));
  mkdirSync(at('private'));
  writeFileSync(at('private', 'file.csv'), OLD);
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

describe.each(Object.entries(WRITERS))('%s', (_, write) => {
  it('is not written behind a link of another user', async () => {
    symlinkSync('private', at('link'));
    giveToAnotherUser(at('link'));
    for (const path of [at('link', 'file.csv'), at('link', 'new.csv')])
      await expect(write(path)).rejects.toThrow(
        expect.objectContaining({
          constructor: UsageProblem,
          message: expect.stringMatching(
            new RegExp(`^${path} leads through the symbolic link ${at('link')}, which belongs to uid \\d+: `),
          ),
        }),
      );
    expectUntouched();
  });

  it('is not written through a link of another user', async () => {
    symlinkSync('private/file.csv', at('file.csv'));
    symlinkSync('private/missing', at('missing.csv'));
    giveToAnotherUser(at('file.csv'), at('missing.csv'));
    for (const path of [at('file.csv'), at('missing.csv')])
      await expect(write(path)).rejects.toThrow(UsageProblem);
    expectUntouched();
  });
});

it('a file that is not a report is not waited for', async () => {
  execFileSync('mkfifo', [at('pipe.csv')]);
  await expect(formatOf(at('pipe.csv'))).rejects.toThrow(UsageProblem);
});

it('files are written behind links of our own', async () => {
  symlinkSync('private', at('link'));
  await writeSecretFile(at('link', 'secret'), 'value');
  expect(readFileSync(at('private', 'secret'), 'utf8')).toBe('value\n');
  await (await ResignReportFile.begin(at('link', 'file.csv'), none())).close();
  expect(readFileSync(at('private', 'file.csv'), 'utf8')).toMatch(/^license_id,customer_id/);
});

function expectUntouched(): void {
  expect(readdirSync(at('private'))).toEqual(['file.csv']);
  expect(readFileSync(at('private', 'file.csv'), 'utf8')).toBe(OLD);
}
