import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { hasDebianPostgres } from '../../support/deployment/debian-postgres';
import { startProcess } from '../../support/deployment/deployment';
import { previousReleaseOr } from '../../support/deployment/previous-release';
import { describeDeployment } from './deployment-checks';

const ROOT = join(__dirname, '../../..');
const TOOLS = ['nginx', 'redis-server', 'prometheus', 'prometheus-alertmanager', 'psql', 'curl', 'openssl'];
const missing = [
  ...TOOLS.filter((tool) => spawnSync(tool, ['-v']).error !== undefined),
  ...(hasDebianPostgres ? [] : ['postgresql-15']),
];
// Under CI a missing tool is a failure, not a reason to skip.
const describeIt = missing.length === 0 || process.env.CI === 'true' ? describe : describe.skip;
const because = missing.length === 0 ? '' : ` (missing: ${missing.join(', ')})`;

// With processes, and Prometheus in a hurry. `npm run test:deploy` does the same with the image and all times as published.
describeIt(`two servers behind nginx${because}`, () => {
  describeDeployment(
    () =>
      Promise.resolve({
        previous: previousReleaseOr(ROOT),
        next: ROOT,
        startNext: startProcess,
        isShort: true,
      }),
    400_000,
  );
});
