import type { Client as SqlClient } from 'pg';
import { superuserOf } from '../../support/database/sql';
import { aLicense, validation } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';
import { Client } from '../../support/requests/client';

describe('AUDIT_VALIDATIONS', () => {
  let server: TestServer | undefined;
  let sql: SqlClient | undefined;

  afterEach(async () => {
    await sql?.end();
    await server?.close();
    [sql, server] = [undefined, undefined];
  });

  it.each([
    ['all', ['VALID', 'VALID', 'stock', 'stock', 'sale', 'VALID', 'REVOKED', 'REVOKED']],
    ['failures', ['stock', 'stock', 'sale', 'REVOKED', 'REVOKED']],
    ['changes', ['VALID', 'stock', 'sale', 'VALID', 'REVOKED']],
  ])(
    '%s: answers and counts stay the same, and the trail has the selected validations',
    async (setting, recorded) => {
      server = await testServer({ variables: { AUDIT_VALIDATIONS: setting } });
      sql = await superuserOf(server);
      const client = new Client(server.url, server.adminKey);
      const license = await aLicense(client);
      const codes: unknown[] = [];
      const ask = async (question?: Record<string, unknown>): Promise<void> => {
        codes.push((await validation(client, license.token, question)).body.code);
      };
      await ask();
      await ask();
      await ask({ module_name: 'stock' });
      await ask({ module_name: 'stock' });
      await ask({ module_name: 'sale' });
      await ask();
      await client.post(`/api/v1/licenses/${license.id}/revoke`, { reason: 'not paid' });
      await ask();
      await ask();
      expect(codes).toEqual([
        'VALID',
        'VALID',
        'MODULE_MISMATCH',
        'MODULE_MISMATCH',
        'MODULE_MISMATCH',
        'VALID',
        'REVOKED',
        'REVOKED',
      ]);
      const { rows } = await sql.query<{ said: string }>(
        `SELECT coalesce(event_data->'asked'->>'module_name', event_data->>'code') AS said
       FROM audit_logs WHERE event_type = 'license.validated' ORDER BY id`,
      );
      expect(rows.map(({ said }) => said)).toEqual(recorded);
      const metrics = await (await fetch(`${server.metricsUrl}/metrics`)).text();
      expect(metrics).toContain(`aegis_validations_not_audited_total ${8 - recorded.length}`);
      expect(metrics).toMatch(/aegis_verdicts_total\{code="VALID"\} 3/);
    },
  );
});
