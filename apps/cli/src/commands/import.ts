import type { Command } from 'commander';
import type { Output } from '../terminal/output';
import { addCommand, type Ends } from './command';

export function addImport(program: Command, output: Output, ends: Ends): void {
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
The file contains one JSON object per line:

  {"token": "eyJ…", "status": "REVOKED", "revoked_at": "2026-01-31T12:00:00Z", "revoked_reason": "unpaid"}

token            the license; all that is not listed here is taken from its claims
status           active (default), suspended, expired or revoked; the token says whether it has expired
revoked_at       RFC 3339 (default: now)
revoked_reason   1 to 500 characters
notes            1 to 2000 characters
customer         {"id", "name", "email", "company", "phone", "address", "notes"} to create the customer with,
                 if it is not on record (default: id and name from the token)

Adopt the public key that signed the tokens first (\`aegis keys adopt <kid> --file <pem>\`); its issuer must be
LICENSE_ISSUER or one of ACCEPTED_ISSUERS. Texts that the API would refuse (control characters, an e-mail that is not
an address) are adapted and reported; the customer's notes keep what would be lost. Running it again is safe: what is on record is left alone, except that a
license is revoked when a line says so.`,
    )
    .action((file: string, { atomic = false }: { atomic?: boolean }) =>
      ends(
        import('../import/import-licenses.js').then(({ importLicenses }) =>
          importLicenses(output, file, atomic),
        ),
      ),
    );
  addCommand(imports, 'v0.8', "take over v0.8's customers, licenses and audit records, and list its API keys")
    .option(
      '--from <source>',
      'a folder with licenses.csv and the other tables, or a postgres:// URL without password (default: V08_DATABASE_URL)',
    )
    .option('--dry-run', 'check and count everything, but write nothing')
    .addHelpText(
      'after',
      `
V08_DATABASE_URL, or the file that V08_DATABASE_URL_FILE names, holds the URL of v0.8's database; a URL with a
password is refused as an argument. The database is read in one snapshot that writes nothing. CSV is written by

  psql -c "\\copy licenses TO 'licenses.csv' (FORMAT csv, HEADER, ENCODING 'UTF8')"

and the same for customers, audit_logs and api_keys, in one folder; all but licenses may be missing.

Every token is verified: adopt the public key that signed them first (\`aegis keys adopt <kid> --file <pem>\`). Running
it again is safe: what is on record is left alone, except that a license is revoked when v0.8 says so.

Exit code 1: a row was refused; the others were taken. docs/migrating-from-v0.8.md describes the whole procedure.`,
    )
    .action(({ from, dryRun = false }: { from?: string; dryRun?: boolean }) =>
      ends(import('../import-v08/import-v08.js').then(({ importV08 }) => importV08(output, from, dryRun))),
    );
}
