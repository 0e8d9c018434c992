export { JOB_NAMES, type JobName } from './job-name';
export { type Job, type JobOptions } from './job';
export { Jobs } from './jobs';
export { JobsModule } from './jobs.module';
export { WriteBehind, type WriteBehindOptions } from './write-behind';
