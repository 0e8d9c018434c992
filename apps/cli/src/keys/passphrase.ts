import { type Environment, weakPassphrase } from '@aegis/config';
import { ConfigurationError } from '@aegis/errors';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { UsageProblem } from '../terminal/usage-problem';

/** The settings that hold passphrases. */
type Variable = 'KEY_PASSPHRASE' | 'NEW_KEY_PASSPHRASE' | 'ROOT_KEY_PASSPHRASE';

/**
 * A passphrase to encrypt a key with: the variable or its file, else typed twice at the terminal, unseen.
 * @throws ConfigurationError where neither is possible, UsageProblem for one that is too weak or typed differently
 */
export async function newPassphrase(
  environment: Environment,
  variable: Variable = 'KEY_PASSPHRASE',
): Promise<string> {
  const given = environment[variable];
  const passphrase = given ?? (await askUnseen('Passphrase of the new key: ', variable));
  // KEY_PASSPHRASE was judged with the settings.
  const isJudged = variable === 'KEY_PASSPHRASE' && given !== undefined;
  const weakness = environment.isProduction && !isJudged ? weakPassphrase(passphrase) : undefined;
  if (weakness !== undefined) throw new UsageProblem(`This passphrase is too weak: ${weakness}.`);
  if (passphrase === '') throw new UsageProblem('The passphrase must not be empty.');
  if (given === undefined && (await ask('Repeat the passphrase: ')) !== passphrase)
    throw new UsageProblem('The two passphrases differ.');
  return passphrase;
}

/** The passphrase of a key that there is: the variable or its file, else typed at the terminal, unseen. */
export async function presentPassphrase(environment: Environment, variable: Variable): Promise<string> {
  return environment[variable] ?? askUnseen('Passphrase of the key: ', variable);
}

/** @throws ConfigurationError without a terminal */
function askUnseen(question: string, variable: Variable): Promise<string> {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new ConfigurationError(
      `${variable}: set it or ${variable}_FILE, or run this at a terminal to be asked.`,
    );
  return ask(question);
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
