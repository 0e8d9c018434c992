import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { PassThrough } from 'node:stream';
import { until } from '../../../../test/support/until';
import { jobsOf, stopJobs } from '../../../../test/support/jobs';
import { Trail } from '../../../../test/support/trail/trail';
import { ChainEnd } from './chain-end';
import { Sealing } from './sealing';
import { TrailAlarms } from './trail-alarms';

jest.setTimeout(300_000);

/** More checkpoints than numbers of one and of two digits, and more than are read at once. */
const HONEST = 112;
const FORGED = 230;

describe('the end of a chain whose numbers have different lengths', () => {
  let trail: Trail;

  beforeAll(async () => {
    trail = await Trail.open();
  });
  afterAll(() => trail.close());

  const ends: object[] = [];
  /** What another process sees, which remembers nothing. */
  const seen = () => new ChainEnd(trail.application, trail.keyRing).read();
  const forge = (from: number, to: number) =>
    trail.tamper(
      `INSERT INTO audit_checkpoints (number, epoch, cluster, sealed_xact, sealed_id, jws)
       SELECT n, epoch, cluster, sealed_xact, sealed_id, 'forged' FROM audit_checkpoints AS last,
         generate_series(${from}, ${to}) AS n WHERE last.number = ${HONEST}`,
    );

  async function metricsOf(runs: (text: () => Promise<string>) => Promise<void>): Promise<void> {
    const metrics = new Metrics();
    const logger = new Logger({ level: 'error', format: 'json', stream: new PassThrough().resume() });
    const jobs = jobsOf({ logger, metrics });
    new Sealing(trail.application, trail.sealer, new TrailAlarms(logger, metrics), metrics, jobs);
    await jobs.onApplicationBootstrap();
    try {
      await runs(() => metrics.registry.metrics());
    } finally {
      await stopJobs(jobs);
    }
  }

  it('is the checkpoint with the greatest number, after every new one', async () => {
    for (let number = 1; number <= HONEST; number += 1) {
      await trail.append(1, number);
      await trail.sealOnce();
      ends.push(await trail.sealer.chainEnd.read());
    }
    const expected = Array.from({ length: HONEST }, (_, index) => ({ last: index + 1, trusted: index + 1 }));
    expect(ends).toEqual(expected);
    expect(await seen()).toEqual({ last: HONEST, trusted: HONEST });
    expect(await trail.findings()).toEqual([]);
  });

  it('shows no lag and no alarm when every record is sealed', async () => {
    // It is measured together with the lag, and 0 until then.
    const writer = trail.application.createQueryRunner();
    await writer.startTransaction();
    await writer.query('SELECT pg_current_xact_id()');
    await metricsOf(async (text) => {
      await until('it was measured', async () =>
        /^aegis_oldest_write_transaction_seconds (?!0$)/m.test(await text()),
      );
      expect(await text()).toMatch(/^aegis_checkpoint_lag_seconds 0$/m);
      expect(await text()).toMatch(/^aegis_audit_trail_alarm\{reason="untrusted_checkpoint"\} 0$/m);
    });
    await writer.rollbackTransaction();
    await writer.release();
  });

  it.each([
    ['one', 1],
    ['as many as are read at once', 100],
    ['more than are read at once', FORGED],
  ])('is found by going back over forged checkpoints: %s', async (_, count) => {
    const last = HONEST + count;
    const [there] = await trail.superuser.query<{ last: number }[]>(
      'SELECT max(number)::float8 AS last FROM audit_checkpoints',
    );
    await forge(there!.last + 1, last);
    expect(await seen()).toEqual({ last, trusted: HONEST });
  });

  it('raises the alarm when a forged checkpoint comes after it', async () => {
    await metricsOf((text) =>
      until('the alarm is on', async () =>
        /^aegis_audit_trail_alarm\{reason="untrusted_checkpoint"\} 1$/m.test(await text()),
      ),
    );
  });

  it('is the last valid checkpoint, wherever it is: the way back skips none', async () => {
    const trusted: number[] = [];
    for (const kept of [100, 99, 10, 9, 1]) {
      await trail.tamper(`UPDATE audit_checkpoints SET jws = 'forged' WHERE number > ${kept}`);
      trusted.push((await seen()).trusted);
    }
    expect(trusted).toEqual([100, 99, 10, 9, 1]);
  });
});
