import type { Command } from 'commander';
import type { Output } from '../terminal/output';
import { addCommand, type Ends } from './command';
import { wholeNumber } from './whole-number';

export function addStatusLists(program: Command, output: Output, ends: Ends): void {
  const lists = program.command('status-list').description('the status of tokens, for offline checks');
  addCommand(lists, 'export <path>', 'write the signed status lists, for sites that cannot reach a server')
    .option('--list <number>', 'only this list, to the named file (or into the folder)', wholeNumber)
    .addHelpText(
      'after',
      `
Without --list, <path> is a folder, created if needed; each list becomes a file status-list-<number>.jwt in it. What is
there of that name is replaced. The lists are what GET /api/v1/status-lists/<number> answers: they are valid for 35 days,
so carry new ones to each site at least once a month. Exit code 1 when there is no such list.`,
    )
    .action((path: string, { list }: { list?: number }) =>
      ends(
        import('../licenses/export-status-lists.js').then(({ exportStatusLists }) =>
          exportStatusLists(output, path, list),
        ),
      ),
    );
}
