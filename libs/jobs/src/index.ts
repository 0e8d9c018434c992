export { JOB_NAMES } from './job-name';
export { type Job, JOB_STOP_MS } from './job';
export { Jobs } from './jobs';
export { JobsModule } from './jobs.module';
export { WriteBehind } from './write-behind';
