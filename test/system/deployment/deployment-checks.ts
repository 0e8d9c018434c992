import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLines } from '../../support/containers/processes';
import { until } from '../../support/until';
import { Deployment, metricsAddress, type Releases } from '../../support/deployment/deployment';

const RATE = 200;
const { version } = JSON.parse(readFileSync(join(__dirname, '../../../package.json'), 'utf8')) as {
  version: string;
};

/** What a deployment with two servers must do. */
export function describeDeployment(makeReleases: () => Promise<Releases>, patienceMs: number): void {
  let deployment: Deployment;
  let started: Deployment | undefined;

  beforeAll(async () => {
    started = await Deployment.start(await makeReleases());
    deployment = started;
  }, patienceMs);
  afterAll(async () => {
    await started?.close();
  }, patienceMs);

  /** Waits until so many more validations are answered. */
  const moreOfTheLoad = (count: number): Promise<void> => {
    const { validated } = deployment.load;
    const before = validated.length;
    return until(`${count} more validations`, () => Promise.resolve(validated.length >= before + count));
  };
  const report = (what: string, rate: number): void => {
    const { issued, revoked, validated } = deployment.load;
    process.stdout.write(
      `${what}: ${rate.toFixed(0)} requests/s; so far ${issued.length} issued, ${revoked.length} revoked, ${validated.length} validated\n`,
    );
  };

  it('reaches PostgreSQL 15 by verified TLS alone, and is scraped by Prometheus', async () => {
    const [server] = await deployment.postgres.query<{ version: number }>(
      'aegis',
      `SELECT current_setting('server_version_num')::int / 10000 AS version`,
    );
    expect(server).toEqual({ version: 15 });
    const connections = await deployment.postgres.query<{ usename: string; ssl: boolean }>(
      'aegis',
      `SELECT DISTINCT usename, ssl FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) WHERE usename LIKE 'aegis%'`,
    );
    expect(connections).toEqual([{ usename: 'aegis_app', ssl: true }]);
    await until('both servers are scraped', async () => {
      const up = await deployment.monitoring.values('up{job="aegis"}');
      return deployment.ports.every((port) => up[metricsAddress(port)] === 1);
    });
  });

  it(
    'raises the alarm when a server dies under load, withdraws it, and answers every request',
    async () => {
      const [, port] = deployment.ports;
      const { load, monitoring } = deployment;
      const alarm = {
        receiver: '/page',
        alarm: 'AegisInstanceDown',
        instance: metricsAddress(port),
      } as const;
      load.start(RATE);
      await moreOfTheLoad(200);
      await deployment.replicas.get(port)!.kill();
      await monitoring.arrives({ ...alarm, status: 'firing' }, patienceMs / 3);
      await deployment.startReplica(port);
      await deployment.ready(port);
      await monitoring.arrives({ ...alarm, status: 'resolved' }, patienceMs / 3);
      report('a server died', await load.stop());
      expect(load.errors).toEqual([]);
      // Others may fire on a machine that is busy: that answers are late, for one.
      const down = monitoring.received.filter((one) => one.alarm === alarm.alarm);
      expect([...new Set(down.map(({ instance }) => instance))]).toEqual([alarm.instance]);
    },
    patienceMs,
  );

  it(
    'replaces the previous release, one server after the other, and answers every request',
    async () => {
      const { load } = deployment;
      load.start(RATE);
      await moreOfTheLoad(400);
      await deployment.upgrade();
      await moreOfTheLoad(400);
      report('the upgrade', await load.stop());
      expect(load.errors).toEqual([]);
      expect(await deployment.versions()).toEqual([version, version]);
      // A server that was asked to end has ended in order.
      expect(deployment.exitCodes).toEqual([0, 0]);
    },
    patienceMs,
  );

  it('has everything that it acknowledged, in the database and in the audit trail', async () => {
    const { issued, revoked, validated } = deployment.load;
    expect(revoked.length).toBeGreaterThan(5);
    const lost = async (statement: string, ids: readonly (string | undefined)[]): Promise<string[]> => {
      const rows = await deployment.postgres.query<{ id: string }>(
        'aegis',
        `SELECT wanted.id FROM unnest($1::text[]) AS wanted (id) WHERE NOT EXISTS (${statement})`,
        [ids],
      );
      return rows.map(({ id }) => id);
    };
    const inTrail = `SELECT FROM audit_logs AS record WHERE record.request_id = wanted.id AND record.event_type = `;
    expect({
      licenses: await lost(
        `SELECT FROM licenses WHERE licenses.id::text = wanted.id`,
        issued.map(({ id }) => id),
      ),
      revocations: await lost(
        `SELECT FROM licenses WHERE licenses.id::text = wanted.id AND licenses.revoked_at IS NOT NULL`,
        revoked.map(({ id }) => id),
      ),
      issuedInTrail: await lost(
        `${inTrail}'license.issued'`,
        issued.map(({ issuedBy }) => issuedBy),
      ),
      revokedInTrail: await lost(
        `${inTrail}'license.revoked'`,
        revoked.map(({ revokedBy }) => revokedBy),
      ),
      validatedInTrail: await lost(`${inTrail}'license.validated'`, validated),
    }).toEqual({
      licenses: [],
      revocations: [],
      issuedInTrail: [],
      revokedInTrail: [],
      validatedInTrail: [],
    });
    // It does find what is lost.
    expect(await lost(`${inTrail}'license.issued'`, ['issue-never-sent'])).toEqual(['issue-never-sent']);
    // Nothing was done twice: a repeated request is the same request.
    const twice = await deployment.postgres.query(
      'aegis',
      `SELECT request_id FROM audit_logs WHERE event_type IN ('license.issued', 'license.revoked')
       GROUP BY request_id, event_type HAVING count(*) > 1`,
    );
    expect(twice).toEqual([]);
  });

  it('has an audit trail that is sound', async () => {
    const { stdout } = await deployment.aegis('audit verify');
    expect(stdout).not.toBe('');
  });

  it('shows no secret to the other processes of the machine, and in no log', () => {
    const seen = [
      commandLines(),
      ...[...deployment.replicas.values()].map((replica) => replica.output()),
    ].join('\n');
    expect(seen).toContain('nginx');
    for (const name of [
      'owner-password',
      'app-password',
      'key-passphrase',
      'api-key-peppers',
      'redis-password',
    ])
      deployment.secrets.push(readFileSync(join(deployment.folder, 'etc', name), 'utf8').trim());
    expect(deployment.secrets.length).toBeGreaterThanOrEqual(8);
    expect(deployment.secrets.filter((secret) => secret === '' || seen.includes(secret))).toEqual([]);
  });
}
