import type { Logger } from '@aegis/logging';

/**
 * SIGUSR2 switches the log between LOG_LEVEL and `debug` (`info` where LOG_LEVEL is `debug`), without a restart.
 * SIGUSR1 would open Node's debugger, to which anyone on this machine could connect: it is taken and does nothing.
 */
export function handleUserSignals(logger: Logger): void {
  const usual = logger.level;
  const other = usual === 'debug' ? 'info' : 'debug';
  process.on('SIGUSR1', () => {
    logger.write('warn', 'SIGUSR1 was ignored: this process has no debugger');
  });
  process.on('SIGUSR2', () => {
    const level = logger.level === usual ? other : usual;
    logger.level = level;
    logger.write('warn', `the level of the log is ${level} now`);
  });
}
