import { inFile } from './fault.mjs';

export default {
  area: 'issuers',
  suites: ['libs/licensing/src/issuer-check.spec.ts', 'libs/config/src/production-rules.spec.ts'],
  faults: [
    ...inFile('libs/licensing/src/issuer-check.ts', [
      [
        'forgets the issuers that are accepted',
        'const accepted = [own, ...others];',
        'const accepted = [own];',
      ],
      ['warns of licenses that do not count', "${hasStatusSql('active', 'licenses')}", 'true'],
      ['warns of licenses that ended', "${hasStatusSql('active', 'licenses')}", "status = 'active'"],
      ['never warns', 'if (found)', 'if (!found)'],
      ['spends its patience on each issuer', 'index < MOST_ISSUERS && left > 0', 'left > 0'],
      [
        'makes the start wait',
        'this.running = this.warnOfOthers(accepted)',
        'this.running = Promise.resolve();\n    await this.warnOfOthers(accepted)',
      ],
    ]),
    ...inFile('migrations/1764100180000-record-issuers.ts', [
      ['loses the issuers of older licenses', 'issuer IS NOT NULL`);', 'issuer IS NULL`);'],
      ['fails for a text that is not a token', "OR payload !~ '^[A-Za-z0-9_-]+$' THEN ''", "THEN ''"],
    ]),
    ...inFile('libs/config/src/load-environment.ts', [
      [
        'takes a default for the issuer in production',
        "if (production && !isSet(environment, 'LICENSE_ISSUER'))",
        "if (production && isSet(environment, 'LICENSE_ISSUER'))",
      ],
    ]),
  ],
};
