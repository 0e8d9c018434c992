import { constants } from 'node:os';

const releases = new Set<() => Promise<unknown>>();
let interrupted = false;

/** Whether a signal is ending this process: errors in the meantime are caused by that. */
export function isInterrupted(): boolean {
  return interrupted;
}

/**
 * Ends the process at SIGINT, SIGTERM and SIGHUP as they would, but first releases what was given to
 * `releaseOnInterrupt`. A transaction that is open then is undone by the database. A second signal does not wait.
 */
export function listenForInterrupts(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      const exitCode = 128 + constants.signals[signal];
      if (interrupted) process.exit(exitCode);
      interrupted = true;
      void Promise.allSettled([...releases].map((release) => release())).then(() => process.exit(exitCode));
    });
}

/**
 * Has something released when a signal ends the process.
 * @returns a function to call after it was released without a signal
 */
export function releaseOnInterrupt(release: () => Promise<unknown>): () => void {
  releases.add(release);
  return () => releases.delete(release);
}
