import { inFile } from './fault.mjs';

export default {
  area: 'inspection of offline requests',
  suites: ['test/e2e/licenses/offline-inspection.spec.ts'],
  faults: inFile('libs/licensing/src/activate/offline-request-inspection.ts', [
    ['takes what is not a request', "if ('refused' in request) throw", "if (!('refused' in request)) throw"],
    ['is ready for an invalid license', "if (!valid) return 'license_not_valid';", ''],
    ['leaves out overage', 'seats.max + seats.overage', 'seats.max'],
    [
      'forgets who holds a seat',
      "if (activation !== null && holdsSeat(activation, now)) return 'ready';",
      '',
    ],
    ['takes an ended activation for a seat', 'ended_at === null &&', ''],
    [
      'takes the seat of any machine',
      "andWhere('activation.fp = :fp', {",
      "andWhere('activation.fp <> :fp', {",
    ],
    ['knows nothing of the key set', 'refusal ?? outcomeOf', 'outcomeOf'],
  ]),
};
