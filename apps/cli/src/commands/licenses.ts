import type { Command } from 'commander';
import type { Output } from '../terminal/output';
import type { ResignCommandOptions } from '../licenses/resign-licenses';
import { confirmedByYes } from '../terminal/confirmation';
import { addCommand, type Ends } from './command';
import { wholeNumber } from './whole-number';

export function addLicenses(program: Command, output: Output, ends: Ends): void {
  const licenses = program.command('licenses').description('licenses');
  confirmedByYes(
    addCommand(
      licenses,
      'resign',
      'sign again, with the active key, the licenses that another key has signed',
    ),
  )
    .requiredOption('--key <kid>', 'the key that signed their newest token, e.g. one that leaked')
    .option('--supersede', 'withdraw the older tokens: they answer SUPERSEDED at once')
    .option('--include-expired', 'also licenses that have expired')
    .option(
      '--include-after',
      'also licenses whose newest token was recorded after the time of `aegis keys compromise --after`',
    )
    .option('--rate <number>', 'maximum number of licenses per second (default: no limit)', wholeNumber)
    .option('--report <file>', 'write who must receive which token: .ndjson or .csv, mode 0600')
    .option('--dry-run', 'only count them')
    .addHelpText(
      'after',
      `
Ids stay; each license gets a further token that says what its last one did. Older tokens stay valid unless
--supersede withdraws them or their key is compromised (then they answer KEY_COMPROMISED). Revoked licenses get no
new token; neither do those of inactive customers until they are active again, nor expired ones unless asked for.
What was recorded after the last good time of a key (\`aegis keys compromise --after\`) is left out, too, unless
--include-after asks for it: a new token would make valid again what --after refused. That holds while the key has
such a time: a key that is compromised without one leaves nothing out.

Progress is kept in the database: run the same command again after an interruption, and it continues. The
report then also contains what was signed before. Its tokens are credentials: deliver it, then delete it.

--supersede can't be undone: it asks for confirmation, or needs --yes. Nothing else here asks.

Exit code 1: a license that is due has no new token yet; the report lists the others.`,
    )
    .action((options: ResignCommandOptions) =>
      ends(
        import('../licenses/resign-licenses.js').then(({ resignLicenses }) =>
          resignLicenses(output, options),
        ),
      ),
    );
}
