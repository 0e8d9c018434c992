import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');
const USES_FILES = /from 'node:fs(\/promises)?'/;
const WRITES =
  /(?<![.\w])(writeFile|appendFile|copyFile|symlink|link|rename|mkdir|truncate|createWriteStream)(Sync)?\(|(?<![.\w])open(Sync)?\([^;]*?('(wx|w|a|ax|r\+)\+?'|O_CREAT)/;
/** What refuses links of other users. */
const JUDGES =
  /\b(resolveOwnLinks|resolveOwnLinksSync|resolveOwnParentSync|outputPath|outputTarget|openOwnFolderSync)\(/;
/** These write only in the folder of the embedded PostgreSQL, which `assertTrusted` in cluster-folder.ts judges. */
const IN_THE_FOLDER_OF_A_CLUSTER = [
  'binaries.ts',
  'cluster-creation.ts',
  'cluster-folder.ts',
  'cluster-move.ts',
  'exclusive-lock.ts',
  'postmaster.ts',
  'users.ts',
].map((name) => join('libs/embedded-postgres/src', name));

const sources = ['apps', 'libs'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !/\.(spec|fixture)\.ts$/.test(name))
    .map((name) => join(folder, name)),
);
const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const writers = sources.filter((path) => USES_FILES.test(textOf(path)) && WRITES.test(textOf(path)));

it('finds the files that write', () => {
  expect(writers).toEqual(
    expect.arrayContaining([
      'apps/cli/src/licenses/export-status-lists.ts',
      'apps/cli/src/rotation/secret-file.ts',
      'libs/checkpoints/src/shipping/file-sink.ts',
      'libs/signing/src/keys/durable-file.ts',
    ]),
  );
});

it('all code that writes a file refuses links of other users, or writes in a folder that was checked', () => {
  const unjudged = writers.filter((path) => !JUDGES.test(textOf(path)));
  expect(unjudged.sort()).toEqual(IN_THE_FOLDER_OF_A_CLUSTER);
});
