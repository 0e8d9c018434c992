import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import {
  type BeforeApplicationShutdown,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { Job, type JobOptions } from './job';
import { JobMetrics } from './job-metrics';

/**
 * The jobs of a process. They start with the application, in the order in which they were added, and stop with it: those
 * that run at shutdown after the last request, all others before.
 */
@Injectable()
export class Jobs implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly jobs: Job[] = [];
  private readonly metrics: JobMetrics;

  constructor(
    private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.metrics = new JobMetrics(metrics);
  }

  /** Adds a job; called by the constructor of what has the job, before the application starts. */
  add(options: JobOptions): Job {
    const job = new Job(options, this.logger, this.metrics);
    this.jobs.push(job);
    return job;
  }

  /** @throws what a first run failed with whose success the start needs */
  async onApplicationBootstrap(): Promise<void> {
    try {
      for (const job of this.jobs) await job.start();
    } catch (error) {
      // The command line does not close a context whose start failed.
      await this.onApplicationShutdown();
      throw error;
    }
  }

  /** Stops the jobs together, no matter which module's shutdown is first: waiting for each in turn would add up. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.jobs.filter((job) => !job.runsAtShutdown).map((job) => job.stop()));
  }

  /** The pool of the database ends later: its module is global, and Nest stops global modules last. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.jobs.map((job) => job.stop()));
  }
}
