import type { Command } from 'commander';
import type { Output } from '../output';
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
      ends(
        import('../import-licenses.js').then(({ importLicenses }) => importLicenses(output, file, atomic)),
      ),
    );
}
