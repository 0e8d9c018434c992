export default {
  area: 'doctor',
  suites: ['apps/cli/src/doctor/doctor.spec.ts'],
  faults: [
    {
      name: 'overlooks a lost revocation',
      file: 'apps/cli/src/doctor/row-rules.ts',
      from: `AND l.status <> 'revoked'`,
      to: `AND l.status = 'expired'`,
    },
    {
      name: 'overlooks a token without the grace of its license',
      file: 'apps/cli/src/doctor/row-rules.ts',
      from: 'l.grace_days > 0 AND claims',
      to: 'l.grace_days > 400 AND claims',
    },
    {
      name: 'overlooks a token without the entitlements of its license',
      file: 'apps/cli/src/doctor/row-rules.ts',
      from: `l.entitlements <> '{}' AND claims`,
      to: `l.entitlements = '[]' AND claims`,
    },
    {
      name: 'overlooks a restore that is not reconciled',
      file: 'apps/cli/src/doctor/restore.ts',
      from: 'WHERE reconciled_at IS NULL',
      to: 'WHERE reconciled_at IS NULL AND loss_accepted',
    },
    {
      name: 'takes warnings for problems',
      file: 'apps/cli/src/doctor/doctor.ts',
      from: 'counts.problem > 0 ? false',
      to: 'counts.problem + counts.warning > 0 ? false',
    },
    {
      name: 'answers yes to problems',
      file: 'apps/cli/src/doctor/doctor.ts',
      from: 'return healthy ? ExitCode.yes : ExitCode.no;',
      to: 'return ExitCode.yes;',
    },
    {
      name: 'looks at the place that was given last, not at the next',
      file: 'apps/cli/src/doctor/status-lists.ts',
      from: 'places.at(row.next + ahead)',
      to: 'places.at(row.next + ahead + 1)',
    },
    {
      name: 'counts admin keys that are not active',
      file: 'apps/cli/src/doctor/api-keys.ts',
      from: "'admin' = ANY(scopes) AND is_active AND deleted_at IS NULL",
      to: "'admin' = ANY(scopes) AND deleted_at IS NULL",
    },
    {
      name: 'takes another key for the one on record',
      file: 'apps/cli/src/doctor/signing.ts',
      from: 'if (publicJwk(kid, publicKey).x !== public_key)',
      to: 'if (publicJwk(kid, publicKey).x === undefined)',
    },
  ],
};
