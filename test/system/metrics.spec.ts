import { spawnSync } from 'node:child_process';
import { Processes } from '../support/processes/server-process';

const hasPromtool = spawnSync('promtool', ['--version']).error === undefined;
// Under CI a missing tool is a failure, not a reason to skip.
const promtoolIt = hasPromtool || process.env.CI === 'true' ? it : it.skip;
const because = hasPromtool ? '' : ' (promtool is not installed: Debian package prometheus)';

describe('the metrics of the built server', () => {
  const processes = new Processes();

  afterAll(() => processes.close());

  promtoolIt(`pass promtool's lint of names, units and help texts${because}`, async () => {
    const server = processes.server({ ENVIRONMENT: 'test', DATA_DIR: processes.emptyFolder() });
    await server.ready();
    const [, url] = /metrics_url"?[=:]"?(http:[^\s",]+)/.exec(server.stdout) ?? [];
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toContain('aegis_verdicts_total{code="VALID"} 0\n');
    const lint = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
    expect(lint).toMatchObject({ stdout: '', stderr: '', status: 0 });
  });
});
