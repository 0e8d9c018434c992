import { loadEnvironment, sourcesOf } from '@aegis/config';
import { ConfigurationError } from '@aegis/errors';
import { Logger, redactText } from '@aegis/logging';
import { nextStep } from './next-step';
import { handleUserSignals } from './signals';
import { startTracing } from '@aegis/tracing';

const EXIT_CONFIGURATION = 2;
const EXIT_INTERRUPTED = 130;
/** Under npm one Ctrl-C arrives twice: from the terminal, and passed on by npm. */
const SAME_INTERRUPT_MS = 1000;

async function main(): Promise<void> {
  // No file that this process creates is writable by others, whatever the umask of the caller.
  process.umask(process.umask(0o022) | 0o022);
  // Node writes its warnings there; the reader may be gone.
  process.stderr.on('error', () => undefined);
  const environment = loadEnvironment();
  const logger = new Logger({ level: environment.LOG_LEVEL, format: environment.LOG_FORMAT });
  handleUserSignals(logger);
  const { process: fromProcess, dotEnv, unknown, nearMisses } = sourcesOf(environment);
  logger.write('info', 'settings were read', {
    from_process: fromProcess,
    from_dot_env: dotEnv,
    unknown_in_dot_env: unknown,
  });
  for (const { given, meant } of nearMisses)
    logger.write('warn', `${given} is not a setting, and has no effect: is ${meant} meant?`);
  process.on('uncaughtException', (error) => {
    logger.write('error', 'uncaught exception', { error });
    process.exit(1);
  });
  const tracing = await startTracing(environment, logger);
  // Only now, because tracing changes the modules that it traces while they are loaded.
  const { startServer } = await import('./server.js');
  const starting = startServer(environment, logger, ({ firstAdminKey }) => {
    // Straight to standard output: the log's redaction would, rightly, hide it.
    if (firstAdminKey !== null) process.stdout.write(`admin API key: ${firstAdminKey}\n`);
  });
  let askedAt: number | undefined;
  const end = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (askedAt !== undefined) {
      // A second signal means that the operator does not want to wait.
      if (signal === 'SIGINT' && now - askedAt > SAME_INTERRUPT_MS) process.exit(EXIT_INTERRUPTED);
      return;
    }
    askedAt = now;
    starting
      .then((server) => server.stop())
      .then(() => tracing.stop())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          logger.write('error', 'the shutdown was not clean', { error });
          process.exit(1);
        },
      );
  };
  process.on('SIGINT', end).on('SIGTERM', end);
  const server = await starting;
  const console = environment.CONSOLE_ENABLED ? `${environment.PUBLIC_URL}/console` : undefined;
  if (!environment.isProduction) process.stdout.write(nextStep(server, console));
}

main().catch((error: unknown) => {
  const text =
    error instanceof ConfigurationError
      ? error.message
      : String(error instanceof Error ? error.stack : error);
  process.stderr.write(`${redactText(text)}\n`);
  process.exit(error instanceof ConfigurationError ? EXIT_CONFIGURATION : 1);
});
