// `npm run audit:production`: fails when a production dependency has a known vulnerability. Where the registry has no
// audit endpoint nothing is known: that is said on a line of its own, and is exit code 3, neither success nor failure.
import { spawnSync } from 'node:child_process';

/** As of the command line: 0 yes, 1 no, 3 unknown. */
const NOT_CHECKED = 3;

const npm = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
});
const report = parse(npm.stdout);
const counts = report?.metadata?.vulnerabilities;

if (typeof counts?.total === 'number') {
  for (const [name, { severity, via }] of Object.entries(report.vulnerabilities ?? {}))
    console.log(`${severity}: ${name}: ${via.map((cause) => cause.title ?? `by ${cause}`).join(', ')}`);
  console.log(`Known vulnerabilities in production dependencies: ${counts.total}`);
  process.exit(counts.total === 0 ? 0 : 1);
}
if (isAbsence(report)) {
  console.log('NOT CHECKED for known vulnerabilities: the audit endpoint did not answer.');
  process.exit(NOT_CHECKED);
}
process.stderr.write(npm.stderr || 'npm audit said nothing.\n');
process.exit(1);

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether npm reached no endpoint that audits, as opposed to a fault of ours such as a broken lock file. */
function isAbsence(answer) {
  return (
    typeof answer?.statusCode === 'number' ||
    /ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|audit endpoint/.test(
      `${answer?.message} ${npm.stderr}`,
    )
  );
}
