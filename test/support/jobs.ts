import { Jobs } from '@aegis/jobs';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { Writable } from 'node:stream';

/** The jobs of one process, with what they need unless given; they run once they are started. */
export function jobsOf({ logger, metrics }: { logger?: Logger; metrics?: Metrics } = {}): Jobs {
  return new Jobs(
    logger ?? new Logger({ level: 'error', format: 'json', stream: new Writable({ write: ignore }) }),
    metrics ?? new Metrics(),
  );
}

/** Starts jobs, and stops them after the work, whatever becomes of it. */
export async function withRunning<T>(jobs: Jobs, work: () => Promise<T>): Promise<T> {
  await jobs.onApplicationBootstrap();
  try {
    return await work();
  } finally {
    await stopJobs(jobs);
  }
}

/** As the end of the application does. */
export async function stopJobs(jobs: Jobs): Promise<void> {
  await jobs.beforeApplicationShutdown();
  await jobs.onApplicationShutdown();
}

function ignore(_chunk: unknown, _encoding: string, done: () => void): void {
  done();
}
