import type { Command } from 'commander';
import type { VerifyLicenseOptions } from '../offline/verify-license';
import type { Output } from '../terminal/output';
import { addCommand, type Ends } from './command';
import { wholeNumber } from './whole-number';

const several = (value: string, previous: readonly string[] = []): string[] => [...previous, value];

/** Commands that need neither a server nor a database. */
export function addOffline(program: Command, output: Output, ends: Ends): void {
  addCommand(program, 'verify <license>', 'verify a license without a server')
    .option('--keys <file>', 'public keys: jwks.json, or a <key-id>.public.pem; can be repeated', several)
    .option('--key-set <file>', 'in place of --keys: jwks.jwt, signed by the root key')
    .option('--root <file>', 'the public root key, PEM')
    .requiredOption('--issuer <text>', 'LICENSE_ISSUER of the server; can be repeated', several)
    .option('--module <name>', 'the module that wants to run')
    .option('--host-version <version>', 'version of its host program, as 17.0')
    .option('--db-uuid <uuid>', 'of the installation; with --domain')
    .option('--domain <domain>', 'of the installation; with --db-uuid')
    .option('--status-list <file>', 'status list of the license; can be repeated', several)
    .option(
      '--max-offline <seconds>',
      'for how long a status list is used; until its own end if absent',
      wholeNumber,
    )
    .option('--activation <file>', 'the activation token of the installation')
    .option('--activation-list <file>', 'status list of the activation; can be repeated', several)
    .option('--fingerprint <text>', 'that the installation was activated with')
    .option('--nonce <text>', 'of the offline request that the installation made')
    .option('--now <time>', 'judge for this time, RFC 3339, in place of the clock')
    .addHelpText(
      'after',
      `
<license> is the license itself, a file of it, an offline file, or - for standard input. Without --module or --host-version
these are not asked, and the answer says so. Exit code 0: valid; 1: not valid.`,
    )
    .action((license: string, options: VerifyLicenseOptions) =>
      ends(
        import('../offline/verify-license.js').then(({ verifyLicense }) =>
          verifyLicense(output, license, options),
        ),
      ),
    );
  addCommand(program, 'inspect <text>', 'show what a license or another signed text says, verifying nothing')
    .addHelpText(
      'after',
      `
<text> is a license, activation token, status list, key set, offline file or offline request, a file of it, or - for
standard input. What copying adds is removed, and named. Exit code 1 when it is not well-formed.`,
    )
    .action((text: string) =>
      ends(import('../offline/inspect-text.js').then(({ inspectText }) => inspectText(output, text))),
    );
  addCommand(program, 'fingerprint', 'compute the fingerprint of an installation, to bind a license to it')
    .requiredOption('--db-uuid <uuid>', 'UUID of its database')
    .requiredOption('--domain <domain>', 'domain that it is served under, with a port if there is one')
    .action((options: { dbUuid: string; domain: string }) =>
      ends(
        import('../offline/show-fingerprint.js').then(({ showFingerprint }) =>
          showFingerprint(output, options),
        ),
      ),
    );
}
