import { StatusListIssuer, StatusListsModule } from '@aegis/status-lists';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { withServices } from '../services';
import { outputTarget } from '../terminal/output-path';
import { replaceOutput, unwritable } from '../terminal/replace-output';

/**
 * `aegis status-list export`: no when the list that is asked for does not exist.
 * @param path of a folder; of a file where one list is asked for
 * @param only number of that list
 */
export async function exportStatusLists(
  output: Output,
  path: string,
  only: number | undefined,
): Promise<ExitCode> {
  const mustBeFolder = only === undefined;
  const isFolder = await isFolderAt(path, mustBeFolder);
  return withServices(['KEY_PASSPHRASE', 'PUBLIC_URL'], [StatusListsModule], 'changes', async (services) => {
    if (mustBeFolder) await makeFolder(path);
    const issuer = services.get(StatusListIssuer);
    let total = 0;
    for await (const numbers of issuer.numbers(only))
      for await (const { list, jws } of issuer.issue(numbers)) {
        const file = isFolder ? join(path, `status-list-${list}.jwt`) : path;
        await replaceOutput(file, jws);
        output.entry('status_lists', { list, file }, file);
        total += 1;
      }
    if (only !== undefined && total === 0) {
      output.end({ status_lists: [] }, `There is no status list ${only}: no token refers to it.`);
      return ExitCode.no;
    }
    const lists = `${total} status list(s) written; they are valid for 35 days`;
    output.end(total === 0 ? { status_lists: [] } : { total }, lists);
    return ExitCode.yes;
  });
}

/**
 * Called before the database is asked: a wrong path is reported at once. Creates nothing yet.
 * @throws UsageProblem for a file where a folder must be
 */
async function isFolderAt(path: string, mustBeFolder: boolean): Promise<boolean> {
  const found = await stat(outputTarget(path)).catch(() => undefined);
  if (mustBeFolder && found?.isDirectory() === false)
    throw unwritable(path, Object.assign(new Error(), { code: 'EEXIST' }));
  return mustBeFolder || found?.isDirectory() === true;
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(outputTarget(path), { recursive: true }).catch((error: unknown) => {
    throw unwritable(path, error);
  });
}
