import type { Command } from 'commander';
import type { Output } from '../terminal/output';
import type { CompromiseOptions } from '../keys/compromise-key';
import type { SignOptions } from '../keys/key-set';
import { confirmedByYes } from '../terminal/confirmation';
import { addCommand, type Ends } from './command';
import { wholeNumber } from './whole-number';

export function addKeys(program: Command, output: Output, ends: Ends): void {
  const keys = program.command('keys').description('signing keys');
  addGenerate(keys, output, ends);
  addAdoptPrivate(keys, output, ends);
  addCommand(keys, 'list', 'list the keys on record, their states, and which servers hold them').action(() =>
    ends(import('../keys/signing-keys.js').then(({ listKeys }) => listKeys(output))),
  );
  addCommand(keys, 'inspect <kid>', 'show all that is known about one key').action((kid: string) =>
    ends(import('../keys/signing-keys.js').then(({ inspectKey }) => inspectKey(output, kid))),
  );
  addStates(keys, output, ends);
  addCommand(
    keys,
    'rewrap [kids...]',
    'give private keys of KEYS_DIR another passphrase (default: all of them)',
  )
    .addHelpText(
      'after',
      `
The passphrases come from KEY_PASSPHRASE and NEW_KEY_PASSPHRASE, or from files named by KEY_PASSPHRASE_FILE and
NEW_KEY_PASSPHRASE_FILE, else they are asked for. Each file is replaced as a whole. Safe to run again.`,
    )
    .action((kids: string[]) =>
      ends(import('../keys/rewrap-keys.js').then(({ rewrapKeys }) => rewrapKeys(output, kids))),
    );
  addKeySet(keys, output, ends);
}

function addGenerate(keys: Command, output: Output, ends: Ends): void {
  addCommand(keys, 'generate', 'make a signing key in KEYS_DIR; needs no database')
    .option('--key-id <kid>', 'its id, 1 to 50 of A-Z a-z 0-9 . _ - (default: aegis-<yyyy-mm>)')
    .addHelpText(
      'after',
      `
Writes <kid>.private.pem, encrypted, and <kid>.public.pem; never overwrites a file. The passphrase comes from
KEY_PASSPHRASE or KEY_PASSPHRASE_FILE; where neither is set, it is asked for. Development makes one in DATA_DIR.

To sign with the new key: \`aegis keys publish <kid>\`, then \`aegis keys activate <kid>\`. The first start of a new
server signs with the only private key in KEYS_DIR by itself; if there are several, KEY_ID names the one.`,
    )
    .action(({ keyId }: { keyId?: string }) =>
      ends(import('../keys/generate-key.js').then(({ generateKey }) => generateKey(output, keyId))),
    );
}

function addAdoptPrivate(keys: Command, output: Output, ends: Ends): void {
  addCommand(keys, 'adopt-private <kid>', 'import the private key of v0.8, and encrypt it; needs no database')
    .requiredOption('--file <pem>', 'the private key: PKCS#8 in PEM, not encrypted, as v0.8 kept it')
    .addHelpText(
      'after',
      `
Writes <kid>.private.pem, encrypted, and <kid>.public.pem into KEYS_DIR; never overwrites a file, and leaves the
given file as it is: delete it, and every copy, afterwards. The passphrase comes from KEY_PASSPHRASE or
KEY_PASSPHRASE_FILE; where neither is set, it is asked for. <kid> is the id that the tokens of that key name.

To sign with it: KEY_ID=<kid> for a new server, else \`aegis keys publish <kid>\` (unless its public key is on record)
and \`aegis keys activate <kid>\`.`,
    )
    .action((kid: string, { file }: { file: string }) =>
      ends(
        import('../keys/adopt-private-key.js').then(({ adoptPrivateKey }) =>
          adoptPrivateKey(output, kid, file),
        ),
      ),
    );
}

/** pending → active → retired → compromised */
function addStates(keys: Command, output: Output, ends: Ends): void {
  addCommand(keys, 'publish <kid>', 'put a new key on record as pending: in the key set, not signing')
    .option('--file <pem>', 'its public key (default: <kid>.public.pem in KEYS_DIR, or read from the signer)')
    .action((kid: string, { file }: { file?: string }) =>
      ends(import('../keys/signing-keys.js').then(({ publishKey }) => publishKey(output, kid, file))),
    );
  addCommand(
    keys,
    'adopt <kid>',
    'put the public key of another server on record, so that its licenses verify',
  )
    .option('--file <pem>', 'the public key (default: <kid>.public.pem in KEYS_DIR)')
    .addHelpText(
      'after',
      `
It is recorded as retired: it never signs here unless it is activated. <kid> is the id that its tokens name.
Compare the thumbprint that is printed with the other server's.`,
    )
    .action((kid: string, { file }: { file?: string }) =>
      ends(import('../keys/signing-keys.js').then(({ adoptKey }) => adoptKey(output, kid, file))),
    );
  addCommand(keys, 'activate <kid>', 'sign with a key from now on; the previous one is retired')
    .option('--force', 'even if live servers do not have it: they refuse to issue until they have it')
    .action((kid: string, { force = false }: { force?: boolean }) =>
      ends(import('../keys/signing-keys.js').then(({ activateKey }) => activateKey(output, kid, force))),
    );
  addCommand(keys, 'retire <kid>', 'take a pending key out of use').action((kid: string) =>
    ends(import('../keys/signing-keys.js').then(({ retireKey }) => retireKey(output, kid))),
  );
  confirmedByYes(addCommand(keys, 'compromise <kid>', 'withdraw all trust in a key, permanently'))
    .option('--after <time>', 'tokens recorded up to then stay valid, RFC 3339 (default: none)')
    .option('--activate <kid>', 'the key that signs from now on, if the compromised one did')
    .option('--force', 'even if nothing can be issued then, or live servers do not have the successor')
    .option('--dry-run', 'only count the licenses that would stop being valid')
    .action((kid: string, options: CompromiseOptions) =>
      ends(
        import('../keys/compromise-key.js').then(({ compromiseKey }) => compromiseKey(output, kid, options)),
      ),
    );
}

function addKeySet(keys: Command, output: Output, ends: Ends): void {
  addCommand(keys, 'export', 'write the keys on record to a file, for the root key to sign')
    .requiredOption('--out <file>', 'e.g. on a medium that is carried to the root key')
    .option('--all', 'every public key with its state, compromised ones too: to verify the audit trail with')
    .action(({ out, all = false }: { out: string; all?: boolean }) =>
      ends(import('../keys/key-set.js').then(({ exportKeys }) => exportKeys(output, out, all))),
    );
  const root = keys.command('root').description('the offline key that signs the key set for clients');
  addCommand(root, 'init', 'make a root key; needs no database and no network')
    .requiredOption('--out <folder>', 'where to write it: a separate medium, never KEYS_DIR')
    .addHelpText(
      'after',
      `
Writes root-key.pem, encrypted, and root-key.jwk.json, which clients pin; never overwrites a file. The passphrase
comes from ROOT_KEY_PASSPHRASE or ROOT_KEY_PASSPHRASE_FILE, else it is asked for.`,
    )
    .action(({ out }: { out: string }) =>
      ends(import('../keys/key-set.js').then(({ initRoot }) => initRoot(output, out))),
    );
  addCommand(root, 'sign', 'sign a key set; needs no database and no network')
    .requiredOption('--root-key <pem>', 'root-key.pem of `aegis keys root init`')
    .requiredOption('--keys <file>', 'what `aegis keys export` wrote')
    .requiredOption('--out <file>', 'jwks.jwt, to be put into KEYS_DIR of every server')
    .option(
      '--valid-days <number>',
      'how long clients may rely on it, 1 to 400 (default: 90)',
      wholeNumber,
      90,
    )
    .action((options: SignOptions) =>
      ends(import('../keys/key-set.js').then(({ signKeys }) => signKeys(output, options))),
    );
}
