import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { PassThrough } from 'node:stream';
import { until } from '../../../../test/support/until';
import { jobsOf, stopJobs } from '../../../../test/support/jobs';
import { Trail } from '../../../../test/support/trail/trail';
import { Sealing } from './sealing';
import { TrailAlarms } from './trail-alarms';

describe('the alarm of a record that is too large to be sealed', () => {
  let trail: Trail;

  beforeEach(async () => {
    trail = await Trail.open();
  });
  afterEach(() => trail.close());

  it('stays on, with the record named in the log, until the record is shortened', async () => {
    await trail.tamper('ALTER TABLE audit_logs DROP CONSTRAINT audit_logs_bounded');
    await trail.append(1, 1);
    const record = await trail.idOf('C-1');
    await trail.tamper(`UPDATE audit_logs SET user_agent = repeat('x', 40000000) WHERE id = ${record}`);
    const lines: string[] = [];
    const stream = new PassThrough().on('data', (chunk: Buffer) => lines.push(chunk.toString()));
    const metrics = new Metrics();
    const logger = new Logger({ level: 'info', format: 'json', stream });
    const jobs = jobsOf({ logger, metrics });
    new Sealing(trail.application, trail.sealer, new TrailAlarms(logger, metrics), metrics, jobs);
    const shows = async (value: 0 | 1): Promise<boolean> =>
      (await metrics.registry.metrics()).includes(
        `aegis_audit_trail_alarm{reason="record_too_large"} ${value}`,
      );
    await jobs.onApplicationBootstrap();
    try {
      await until('the alarm is on', () => shows(1));
      await until('the log names the record', () =>
        Promise.resolve(lines.some((line) => line.includes(`The audit record ${record} is too large`))),
      );
      expect(lines.filter((line) => line.includes('is larger than one record may be'))).toHaveLength(1);
      await trail.tamper(`UPDATE audit_logs SET user_agent = left(user_agent, 500) WHERE id = ${record}`);
      await until('the alarm is over', () => shows(0));
    } finally {
      await stopJobs(jobs);
    }
    expect(await trail.findings()).toEqual([]);
  });
});
