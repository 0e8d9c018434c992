import { type Environment, loadEnvironment } from '@aegis/config';
import { ConfigurationError } from '@aegis/errors';
import { Logger } from '@aegis/logging';
import { Writable } from 'node:stream';
import { isInterrupted } from './terminal/interruption';

export type SettingName = keyof Environment;

/**
 * Runs a command with its settings; the log goes to standard error, stacks of errors at LOG_LEVEL=debug alone.
 * @param uses settings that production must have set for this command
 * @param makesSecrets whether secrets of development that are missing are made
 * @throws ConfigurationError when a setting breaks its rule
 */
export async function withSettings<T>(
  uses: readonly SettingName[],
  work: (environment: Environment, logger: Logger) => Promise<T>,
  { makesSecrets = false }: { makesSecrets?: boolean } = {},
): Promise<T> {
  const environment = loadEnvironment(undefined, uses, { makesSecrets });
  const logger = new Logger({
    level: environment.LOG_LEVEL,
    format: environment.LOG_FORMAT,
    stream: standardError(),
  });
  try {
    return await work(environment, logger);
  } catch (error) {
    logger.write('debug', 'the command failed', { error });
    throw error;
  }
}

/**
 * Makes sure, in development, that the secrets which a command uses are set or were made by a server.
 * @param uses settings that the command uses
 * @throws ConfigurationError naming the one that is missing
 */
export function assertSecretsExist(environment: Environment, uses: readonly SettingName[]): void {
  const needsPassphrase = environment.SIGNER === 'pem' && environment.KEY_PASSPHRASE_WRAPPED === undefined;
  const missing = uses.find(
    (name) =>
      (name === 'API_KEY_PEPPERS' && environment.API_KEY_PEPPERS.length === 0) ||
      (name === 'KEY_PASSPHRASE' && needsPassphrase && environment.KEY_PASSPHRASE === undefined),
  );
  if (missing !== undefined)
    throw new ConfigurationError(
      `${missing}: not set, and DATA_DIR/secrets has none; set it as the server has it, or run this in the folder of the server.`,
    );
}

/** Silent once a signal ends the process: then connections break, and nobody needs to know. */
function standardError(): Writable {
  return new Writable({
    write: (line, _encoding, done) => {
      if (!isInterrupted()) process.stderr.write(line as Buffer);
      done();
    },
  });
}
