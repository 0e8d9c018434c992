import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { until } from '../support/until';
import { MetricsReading } from './support/metrics';
import { Row } from './support/row';

const RATE = 40;

describe('evidence that cannot be completed for a while', () => {
  let row: Row;
  let folder: string;
  let sink: string;

  beforeAll(async () => {
    row = await Row.start();
    folder = row.servers.emptyFolder();
    sink = join(folder, 'sink');
    await row.server.stop();
    row.server = await row.servers.start({ CHECKPOINT_SINK: `file:${sink}` });
    await row.startLoad(RATE);
  });
  afterAll(() => row.close());

  const value = async (name: string): Promise<number> =>
    (await MetricsReading.of(row.server)).value(name) ?? NaN;
  const unsealed = async (): Promise<number> => {
    const [counted] = await row.postgres.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM audit_logs
       WHERE NOT EXISTS (SELECT FROM audit_seals WHERE audit_id = audit_logs.id)`,
    );
    return counted?.count ?? NaN;
  };

  it('a long transaction holds the sealing, which two metrics show, and every record is sealed once it ends', async () => {
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

  it('a sink that is gone is shown by a metric, and gets every checkpoint once it is back', async () => {
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

  it('nothing is lost: every record is sealed, the trail verifies, and so does what was shipped', async () => {
    expect(await row.whatIsWrong()).toEqual([]);
    await until('every record is sealed', async () => (await unsealed()) === 0);
    await until(
      'every checkpoint was shipped',
      async () => (await value('aegis_checkpoint_shipping_lag_seconds')) === 0,
    );
    const verified = await row.servers.commandLine().run('audit', 'verify', '--shipped', sink);
    expect(verified).toMatchObject({ exitCode: 0 });
  });
});
