import { Trail } from '../../../../test/support/trail/trail';
import { exportTrail } from './trail-export';

it('an export escapes every character that a reader could take for the end of a line, and loses none', async () => {
  const trail = await Trail.open();
  try {
    const text = 'a\n\u0085\u2028\u2029\u001b\u009b\u202eb';
    await trail.superuser.query(
      `INSERT INTO audit_logs (event_type, actor, user_agent) VALUES ('license.validated', 'system', $1)`,
      [text],
    );
    await trail.sealAll();
    const lines: string[] = [];
    const exported = await exportTrail(trail.application, {}, (line) => {
      lines.push(line);
      return Promise.resolve();
    });
    expect(exported).toMatchObject({
      edited: [],
      records: lines.filter((line) => line.includes('"record"')).length,
    });
    for (const line of lines) expect(line).toMatch(/^[\x20-\x7e]+$/);
    const records = lines.map((line) => JSON.parse(line) as { record?: { user_agent: unknown } });
    expect(records.map(({ record }) => record?.user_agent)).toContain(text);
  } finally {
    await trail.close();
  }
});
