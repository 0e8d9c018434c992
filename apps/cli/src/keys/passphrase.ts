import { type Environment, weakPassphrase } from '@aegis/config';
import { ConfigurationError } from '@aegis/errors';
import { ask, canAsk } from '../terminal/question';
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
  if (given === undefined && (await typed('Repeat the passphrase: ')) !== passphrase)
    throw new UsageProblem('The two passphrases differ.');
  return passphrase;
}

/** The passphrase of an existing key: the variable or its file, else typed at the terminal, unseen. */
export async function presentPassphrase(environment: Environment, variable: Variable): Promise<string> {
  return environment[variable] ?? askUnseen('Passphrase of the key: ', variable);
}

/** @throws ConfigurationError without a terminal */
function askUnseen(question: string, variable: Variable): Promise<string> {
  if (!canAsk())
    throw new ConfigurationError(
      `${variable}: set it or ${variable}_FILE, or run this at a terminal to be asked.`,
    );
  return typed(question);
}

function typed(question: string): Promise<string> {
  return ask(question, 'passphrase', { unseen: true });
}
