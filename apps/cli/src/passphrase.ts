import { type Environment, weakPassphrase } from '@aegis/config';
import { ConfigurationError } from '@aegis/errors';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { UsageProblem } from './usage-problem';

/**
 * The passphrase of a new signing key: KEY_PASSPHRASE or its file, else typed twice at the terminal, unseen.
 * @throws ConfigurationError where neither is possible, UsageProblem for one that is too weak or typed differently
 */
export async function newPassphrase({ KEY_PASSPHRASE, isProduction }: Environment): Promise<string> {
  if (KEY_PASSPHRASE !== undefined) return KEY_PASSPHRASE;
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new ConfigurationError(
      'KEY_PASSPHRASE: set it or KEY_PASSPHRASE_FILE, or run this at a terminal to be asked.',
    );
  const passphrase = await ask('Passphrase of the new key: ');
  const weakness = isProduction ? weakPassphrase(passphrase) : undefined;
  if (weakness !== undefined) throw new UsageProblem(`This passphrase is too weak: ${weakness}.`);
  if (passphrase === '') throw new UsageProblem('The passphrase must not be empty.');
  if ((await ask('The same again: ')) !== passphrase) throw new UsageProblem('The two passphrases differ.');
  return passphrase;
}

function ask(question: string): Promise<string> {
  // The line editor shows what is typed on its output: here, nowhere.
  const nowhere = new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  const editor = createInterface({ input: process.stdin, output: nowhere, terminal: true, historySize: 0 });
  process.stderr.write(question);
  return new Promise((resolve, reject) => {
    editor.once('line', (line) => {
      resolve(line);
      editor.close();
    });
    // The terminal hands Ctrl-C over as a character while the editor has it.
    editor.once('SIGINT', () => {
      editor.removeAllListeners('close').close();
      process.stderr.write('\n');
      process.emit('SIGINT', 'SIGINT');
    });
    editor.once('close', () => {
      process.stderr.write('\n');
      reject(new UsageProblem('No passphrase was given.'));
    });
  });
}
