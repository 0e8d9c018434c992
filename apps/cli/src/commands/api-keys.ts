import type { Command } from 'commander';
import type { UpdateOptions } from '../api-keys/api-keys';
import type { Output } from '../terminal/output';
import { confirmedByYes, type ConfirmOptions } from '../terminal/confirmation';
import { addCommand, type Ends } from './command';
import { wholeNumber } from './whole-number';

export function addApiKeys(program: Command, output: Output, ends: Ends): void {
  const apiKeys = program.command('api-keys').description('API keys');
  addCommand(apiKeys, 'create', 'create an API key; its secret is shown only once')
    .requiredOption('--name <name>', 'its name, 1 to 100 characters')
    .requiredOption(
      '--scopes <scopes>',
      'what it may do, comma-separated, e.g. licenses:issue,customers:write',
    )
    .option('--description <text>', 'at most 500 characters')
    .option('--expires-at <time>', 'when it ends, RFC 3339, e.g. 2027-01-01T00:00:00Z (default: never)')
    .option('--rate-limit <number>', "requests per minute (default: the server's limit)", wholeNumber)
    .addHelpText(
      'after',
      `
Scopes: licenses:read, licenses:issue, licenses:revoke, licenses:validate, activations:read,
activations:manage, customers:read, customers:write, stats:read, audit:read, events:read, api-keys:manage,
webhooks:manage, admin (contains all others).`,
    )
    .action((options: { name: string; scopes: string }) =>
      ends(import('../api-keys/api-keys.js').then(({ createApiKey }) => createApiKey(output, options))),
    );
  addCommand(apiKeys, 'list', 'list the API keys, never a secret')
    .option('--made-by <id>', 'only the keys that this key made, the keys that those made, and so on')
    .action(({ madeBy }: { madeBy?: string }) =>
      ends(import('../api-keys/api-keys.js').then(({ listApiKeys }) => listApiKeys(output, madeBy))),
    );
  addCommand(apiKeys, 'update <id>', 'change an API key; takes effect with the next request')
    .option('--name <name>', 'its name, 1 to 100 characters')
    .option('--description <text>', 'at most 500 characters; an empty text for none')
    .option('--scopes <scopes>', 'all that it may do from now on, comma-separated')
    .option('--expires-at <time>', 'when it ends, RFC 3339, or never')
    .option('--rate-limit <number>', "requests per minute, or default for the server's limit", limitOrDefault)
    .option('--activate', 'accept it again')
    .option('--deactivate', 'refuse it until it is activated')
    .option('--end-grace', 'refuse the previous secret from now on')
    .option('--force', 'even if no admin key is left that is active and does not expire')
    .action((id: string, options: UpdateOptions) =>
      ends(import('../api-keys/api-keys.js').then(({ updateApiKey }) => updateApiKey(output, id, options))),
    );
  addCommand(apiKeys, 'rotate <id>', 'give an API key a new secret under the same id, shown only once')
    .option(
      '--grace-seconds <number>',
      'how long the previous secret stays valid, at most 604800',
      wholeNumber,
      0,
    )
    .action((id: string, { graceSeconds }: { graceSeconds: number }) =>
      ends(
        import('../api-keys/api-keys.js').then(({ rotateApiKey }) => rotateApiKey(output, id, graceSeconds)),
      ),
    );
  addCommand(apiKeys, 'peppers', 'show which pepper keys depend on; exit code 1 while an older one is needed')
    .addHelpText(
      'after',
      `
To change the pepper: add the new one behind the current one in API_KEY_PEPPERS of every process, then, when all
run with it, put it in front. Keys are moved to it as they are used. Once this command exits with 0, remove the older one.
Keys that it still lists were not used since: rotate or delete them.`,
    )
    .action(() => ends(import('../api-keys/peppers.js').then(({ showPeppers }) => showPeppers(output))));
  confirmedByYes(
    addCommand(apiKeys, 'delete <id>', 'delete an API key: it is refused from the next request on'),
  )
    .option('--force', 'even the last admin key that is active and does not expire')
    .action((id: string, options: { force?: boolean } & ConfirmOptions) =>
      ends(import('../api-keys/api-keys.js').then(({ deleteApiKey }) => deleteApiKey(output, id, options))),
    );
}

function limitOrDefault(text: string): number | 'default' {
  return text === 'default' ? text : wholeNumber(text);
}
