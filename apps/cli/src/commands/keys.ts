import type { Command } from 'commander';
import type { Output } from '../output';
import { addCommand, type Ends } from './command';

export function addKeys(program: Command, output: Output, ends: Ends): void {
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
      ends(import('../generate-key.js').then(({ generateKey }) => generateKey(output, keyId))),
    );
}
