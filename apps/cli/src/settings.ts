import { type Environment, loadEnvironment } from '@aegis/config';
import { Logger } from '@aegis/logging';
import { Writable } from 'node:stream';
import { isInterrupted } from './interruption';

export type SettingName = keyof Environment;

/**
 * Runs a command with its settings; the log goes to standard error, stacks of errors at LOG_LEVEL=debug alone.
 * @param uses settings that production must have set for this command
 * @throws ConfigurationError when a setting breaks its rule
 */
export async function withSettings<T>(
  uses: readonly SettingName[],
  work: (environment: Environment, logger: Logger) => Promise<T>,
): Promise<T> {
  const environment = loadEnvironment(undefined, uses);
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

/** Silent once a signal ends the process: then connections break, and nobody needs to know. */
function standardError(): Writable {
  return new Writable({
    write: (line, _encoding, done) => {
      if (!isInterrupted()) process.stderr.write(line as Buffer);
      done();
    },
  });
}
