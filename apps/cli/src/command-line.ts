import { Command, InvalidArgumentError } from 'commander';
import type { UpdateOptions } from './api-keys';
import { ExitCode } from './exit-code';
import type { Output } from './output';

const AFTER_HELP = `
Settings come from the environment and a file .env in the working directory, as the server's do.

Exit codes: 0 yes, done; 1 no, refused; 2 wrong usage or configuration; 3 could not tell, the database is out of reach.`;

/**
 * Runs a command. What a command needs is loaded when it is run, so that help comes at once.
 * @param args without the program's name
 * @returns its exit code
 * @throws CommanderError after help (exit code 0) and for arguments that are none; whatever the command throws
 */
export async function commandLine(output: Output, args: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = ExitCode.yes;
  const program = new Command('aegis')
    .description('Manages an AEGIS License Server: signing keys, API keys, migrations, import.')
    .option('-V, --version', 'print the version')
    .exitOverride()
    .showHelpAfterError('(--help explains)')
    .addHelpText('after', AFTER_HELP);
  const ends = (work: Promise<ExitCode>): Promise<void> =>
    work.then((code) => {
      exitCode = code;
    });
  addKeys(program, output, ends);
  addApiKeys(program, output, ends);
  addMigrate(program, output, ends);
  addImport(program, output, ends);
  if (args[0] === '-V' || args[0] === '--version') {
    const { version } = await import('./version.js');
    output.end({ version }, version);
    return exitCode;
  }
  await program.parseAsync(args, { from: 'user' });
  return exitCode;
}

type Ends = (work: Promise<ExitCode>) => Promise<void>;

/** A command with `--json`, which every command has. */
function addCommand(parent: Command, nameAndArguments: string, description: string): Command {
  return parent
    .command(nameAndArguments)
    .description(description)
    .option('--json', 'print one JSON document');
}

function addKeys(program: Command, output: Output, ends: Ends): void {
  const keys = program.command('keys').description('signing keys');
  addCommand(keys, 'generate', 'make a signing key in KEYS_DIR; needs no database')
    .option('--key-id <kid>', 'its id, 1 to 50 of A-Z a-z 0-9 . _ - (default: aegis-<yyyy-mm>)')
    .addHelpText(
      'after',
      `
Writes <kid>.private.pem, encrypted, and <kid>.public.pem; never overwrites a file. The passphrase comes from
KEY_PASSPHRASE or KEY_PASSPHRASE_FILE; where neither is set, it is asked for. Development makes one in DATA_DIR.

To sign with the new key, set KEY_ID to its id and restart the server.`,
    )
    .action(({ keyId }: { keyId?: string }) =>
      ends(import('./generate-key.js').then(({ generateKey }) => generateKey(output, keyId))),
    );
}

function addApiKeys(program: Command, output: Output, ends: Ends): void {
  const apiKeys = program.command('api-keys').description('API keys');
  addCommand(apiKeys, 'create', 'make an API key; its secret is shown this once')
    .requiredOption('--name <name>', 'what it is recognised by, 1 to 100 characters')
    .requiredOption(
      '--scopes <scopes>',
      'what it may do, comma-separated, e.g. licenses:issue,customers:write',
    )
    .option('--description <text>', 'at most 500 characters')
    .option('--expires-at <time>', 'when it ends, RFC 3339, e.g. 2027-01-01T00:00:00Z (default: never)')
    .option('--rate-limit <number>', "requests a minute (default: the server's limit)", wholeNumber)
    .addHelpText(
      'after',
      `
Scopes: licenses:read, licenses:issue, licenses:revoke, licenses:validate, customers:read, customers:write,
stats:read, audit:read, api-keys:manage, webhooks:manage, admin (contains all others).`,
    )
    .action((options: { name: string; scopes: string }) =>
      ends(import('./api-keys.js').then(({ createApiKey }) => createApiKey(output, options))),
    );
  addCommand(apiKeys, 'list', 'list the API keys, never a secret').action(() =>
    ends(import('./api-keys.js').then(({ listApiKeys }) => listApiKeys(output))),
  );
  addCommand(apiKeys, 'update <id>', 'change an API key: it holds from the next request on')
    .option('--name <name>', 'what it is recognised by, 1 to 100 characters')
    .option('--description <text>', 'at most 500 characters; an empty text for none')
    .option('--scopes <scopes>', 'all that it may do from now on, comma-separated')
    .option('--expires-at <time>', 'when it ends, RFC 3339, or never')
    .option('--rate-limit <number>', "requests a minute, or default for the server's limit", limitOrDefault)
    .option('--activate', 'accept it again')
    .option('--deactivate', 'refuse it until it is activated')
    .option('--force', 'even if no admin key is left that is active and does not expire')
    .action((id: string, options: UpdateOptions) =>
      ends(import('./api-keys.js').then(({ updateApiKey }) => updateApiKey(output, id, options))),
    );
  addCommand(apiKeys, 'rotate <id>', 'give an API key a new secret under the same id, shown this once')
    .option(
      '--grace-seconds <number>',
      'how long the secret before counts on, at most 604800',
      wholeNumber,
      0,
    )
    .action((id: string, { graceSeconds }: { graceSeconds: number }) =>
      ends(import('./api-keys.js').then(({ rotateApiKey }) => rotateApiKey(output, id, graceSeconds))),
    );
  addCommand(apiKeys, 'peppers', 'tell which pepper keys rest on; exit code 1 while an older one is needed')
    .addHelpText(
      'after',
      `
To change the pepper: add the new one behind the current one in API_KEY_PEPPERS of every process, then, when all
run with it, put it in front. Keys come under it as they are used. Once this command says yes, drop the older one.
Keys that it still lists were not used since: rotate or delete them.`,
    )
    .action(() => ends(import('./peppers.js').then(({ showPeppers }) => showPeppers(output))));
  addCommand(apiKeys, 'delete <id>', 'delete an API key: it is refused from the next request on')
    .option('--force', 'even the last admin key that is active and does not expire')
    .action((id: string, { force = false }: { force?: boolean }) =>
      ends(import('./api-keys.js').then(({ deleteApiKey }) => deleteApiKey(output, id, force))),
    );
}

function addMigrate(program: Command, output: Output, ends: Ends): void {
  const migrate = program.command('migrate').description("the database's migrations");
  addCommand(migrate, 'up', "apply what is pending and grant the server's role what it may do").action(() =>
    ends(import('./migrate.js').then(({ applyMigrations }) => applyMigrations(output))),
  );
  addCommand(migrate, 'down', 'undo the newest migration and its data; not in production').action(() =>
    ends(import('./migrate.js').then(({ undoMigration }) => undoMigration(output))),
  );
  addCommand(migrate, 'status', 'list the migrations; exit code 1 when some are pending').action(() =>
    ends(import('./migrate.js').then(({ showMigrations }) => showMigrations(output))),
  );
}

function addImport(program: Command, output: Output, ends: Ends): void {
  const imports = program.command('import').description('data of another system');
  addCommand(
    imports,
    'licenses <file>',
    'import licenses that the predecessor signed; - reads standard input',
  )
    .option('--atomic', 'import all lines or, when one is refused, none')
    .addHelpText(
      'after',
      `
The file holds one JSON object a line:

  {"token": "eyJ…", "status": "REVOKED", "revoked_at": "2026-01-31T12:00:00Z", "revoked_reason": "unpaid"}

token            the license; all that is not listed here is taken from its claims
status           active (default), suspended, expired or revoked; whether it has expired is told by the token
revoked_at       RFC 3339 (default: now)
revoked_reason   at most 500 characters
notes            at most 2000 characters
customer         {"id", "name", "email", "company", "phone", "address", "notes"} to create the customer with,
                 if it is not on record (default: id and name from the token)

Put the public key that signed the tokens into KEYS_DIR first, as <kid>.public.pem; its issuer must be
LICENSE_ISSUER or one of ACCEPTED_ISSUERS. Running it again is safe: what is on record is left alone, except that a
license is revoked when a line says so.`,
    )
    .action((file: string, { atomic = false }: { atomic?: boolean }) =>
      ends(import('./import-licenses.js').then(({ importLicenses }) => importLicenses(output, file, atomic))),
    );
}

function limitOrDefault(text: string): number | 'default' {
  return text === 'default' ? text : wholeNumber(text);
}

function wholeNumber(text: string): number {
  if (!/^[0-9]{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}
