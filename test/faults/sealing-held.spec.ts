import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { until } from '../support/until';
import { MetricsReading } from './support/metrics';
import { Row } from './support/row';
import { shippedTo } from './support/shipped';
import { itWithSmallDisks, noSmallDisks, SmallDisk } from './support/machine/small-disk';

const RATE = 40;
/** Far more than the row ships. */
const SINK_MEGABYTES = 16;

describe('evidence that cannot be completed for a while', () => {
  let row: Row;
  let folder: string;
  let disk: SmallDisk | undefined;
  let sink: string;

  beforeAll(async () => {
    row = await Row.start();
    folder = mkdtempSync(join(tmpdir(), 'aegis-sink-'));
    disk = SmallDisk.mount(folder, SINK_MEGABYTES);
    sink = join(disk?.path ?? folder, 'sink');
    await row.server.stop();
    row.server = await row.servers.start({ CHECKPOINT_SINK: `file:${sink}` });
    await row.startLoad(RATE);
  });
  afterAll(async () => {
    await row.close();
    disk?.unmount();
    rmSync(folder, { recursive: true });
  });

  const value = async (name: string): Promise<number> =>
    (await MetricsReading.of(row.server)).value(name) ?? NaN;
  const unsealed = async (): Promise<number> => {
    const [counted] = await row.postgres.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM audit_logs
       WHERE NOT EXISTS (SELECT FROM audit_seals WHERE audit_id = audit_logs.id)`,
    );
    return counted?.count ?? NaN;
  };

  it('a long transaction delays the sealing, which two metrics show, and every record is sealed when it ends', async () => {
    // Under the server's role, whose transactions it sees.
    const holder = new Client(row.postgres.applicationUrl);
    await holder.connect();
    try {
      await holder.query('BEGIN');
      // Writes nothing, and has an id of a transaction that writes.
      await holder.query('SELECT pg_current_xact_id()');
      await until('records wait for longer than they usually do', async () => {
        const [lag, age] = [
          await value('aegis_checkpoint_lag_seconds'),
          await value('aegis_oldest_write_transaction_seconds'),
        ];
        return lag > 2 && age > 2;
      });
      // Nothing else waits for it.
      await row.answeredWell(RATE);
      await holder.query('COMMIT');
    } finally {
      await holder.end();
    }
    await until('records do not wait', async () => (await value('aegis_checkpoint_lag_seconds')) < 2);
  });

  it('a metric shows a missing sink, which gets every checkpoint when it is back', async () => {
    await until(
      'the sink has a checkpoint',
      async () => (await value('aegis_checkpoint_shipping_lag_seconds')) < 5,
    );
    renameSync(folder, `${folder}.gone`);
    await until('checkpoints wait', async () => (await value('aegis_checkpoint_shipping_lag_seconds')) > 3);
    await row.answeredWell(RATE);
    renameSync(`${folder}.gone`, folder);
    await until(
      'no checkpoint waits',
      async () => (await value('aegis_checkpoint_shipping_lag_seconds')) < 2,
    );
  });

  itWithSmallDisks(
    `a sink whose disk is full is shown by a metric and the log, and gets every checkpoint once there is room, behind the line that was cut short${noSmallDisks}`,
    async () => {
      disk!.fill();
      await until('checkpoints wait', async () => (await value('aegis_checkpoint_shipping_lag_seconds')) > 3);
      await row.answeredWell(RATE);
      const failures = row.server.stdout
        .split('\n')
        .filter((line) => line.includes('checkpoints could not be shipped; they wait'));
      expect(failures.at(-1)).toContain('ENOSPC');
      const cutShort = readFileSync(sink, 'utf8');
      disk!.free();
      await until(
        'no checkpoint waits',
        async () => (await value('aegis_checkpoint_shipping_lag_seconds')) < 2,
      );
      expect(readFileSync(sink, 'utf8').startsWith(cutShort)).toBe(true);
    },
  );

  it('nothing is lost: every record is sealed, the trail verifies, and so does what was shipped', async () => {
    expect(await row.whatIsWrong()).toEqual([]);
    await until('every record is sealed', async () => (await unsealed()) === 0);
    const checkpoints = await row.postgres.query<{ number: number }>(
      'SELECT number::int AS number FROM audit_checkpoints ORDER BY number',
    );
    const numbers = checkpoints.map(({ number }) => number);
    await until('the last checkpoint was shipped', async () => (await shippedTo(sink)).has(numbers.at(-1)!));
    const shipped = await shippedTo(sink);
    expect(numbers.filter((number) => shipped.get(number) !== true)).toEqual([]);
    const verified = await row.servers.commandLine().run('audit', 'verify', '--shipped', sink);
    expect(verified).toMatchObject({ exitCode: 0 });
  });
});
