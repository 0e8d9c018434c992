import type { Environment } from '@aegis/config';
import { ConfigurationError } from '@aegis/errors';

/**
 * Says what to do about a port that can't be listened on.
 * @param error what `listen` failed with
 * @param variable that names the port
 * @returns the error itself where no setting is to blame
 */
export function listenProblem(
  error: unknown,
  variable: 'PORT' | 'METRICS_PORT',
  environment: Environment,
): unknown {
  const port = environment[variable];
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return new ConfigurationError(
        `${variable}: ${port} is in use by another program; stop it, or set ${variable} to a free one.`,
      );
    case 'EACCES':
      return new ConfigurationError(
        `${variable}: ${port} cannot be opened by this user; use one above 1023.`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new ConfigurationError(`HOST: ${environment.HOST} is not an address of this machine.`);
    case undefined:
    default:
      return error;
  }
}

/** @throws ConfigurationError when metrics would be served on the public port */
export function assertPortsDiffer({ PORT, METRICS_PORT }: Environment): void {
  if (PORT === METRICS_PORT && PORT !== 0)
    throw new ConfigurationError(
      `METRICS_PORT: ${METRICS_PORT} equals PORT; the metrics need a separate port that is not public.`,
    );
}
