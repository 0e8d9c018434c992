import { inFile } from './fault.mjs';

const PARTS = 'apps/server/src/health/parts';

export default {
  area: 'health of an installation',
  suites: [`${PARTS}/installation-health.spec.ts`, 'test/e2e/operation/installation-health.spec.ts'],
  faults: [
    ...inFile(`${PARTS}/installation-health.ts`, [
      ['looks at what is off', 'isOn ? rule.look(readings, now) : []', 'rule.look(readings, now)'],
      [
        'is well whatever is found',
        'findings.length > 0 ? statusOf(rule)',
        'findings.length > 9 ? statusOf(rule)',
      ],
      ['calls everything unhealthy', "name === 'database' ?", "name !== 'database' ?"],
      ['shows fractions', 'Math.round(first.value)', 'first.value'],
      ['shows one series of many', 'Object.keys(first.labels).length === 0', 'true'],
    ]),
    ...inFile(`${PARTS}/trail-parts.ts`, [
      ['waits for longer', 'lag > LONGEST_LAG_S', 'lag > LONGEST_TRANSACTION_S'],
      ['ships to nowhere', "['job', 'checkpoint-shipping']", "['job', 'audit-sealing']"],
    ]),
    ...inFile(`${PARTS}/key-parts.ts`, [
      ['has a signer that does not answer', '=== 0;', '=== 9;'],
      ['can always sign', "readings.value('aegis_signing_ready') === 1", 'true'],
      ['has a key set without an end', 'left < SOON_S', 'left < 0'],
    ]),
    ...inFile(`${PARTS}/jobs-part.ts`, [
      ['knows nothing of the start', 'Math.max(value, started)', 'value'],
      ['has no rare jobs', 'RARE_S[job] ?? USUAL_S', 'USUAL_S'],
    ]),
    ...inFile(`${PARTS}/readings.ts`, [['takes the first series', 'labels[label[0]] === label[1]', 'true']]),
  ],
};
