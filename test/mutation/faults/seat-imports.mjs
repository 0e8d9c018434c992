import { inFile } from './fault.mjs';

export default {
  area: 'seats: import',
  suites: ['libs/license-import/src/license-import.spec.ts'],
  faults: [
    ...inFile('libs/license-import/src/license-import-seats.ts', [
      ['takes seats that the token does not count', 'if (claim === undefined)', 'if (false)'],
      ['takes another mode than that of the token', 'seats.mode !== claim.mode || ', ''],
      ['takes seats that are asked for otherwise', ' || seats.required !== claim.required', ''],
      ['knows nothing of the mode in the token', '{ ...claim, ...given }', 'given'],
    ]),
    ...inFile('libs/license-import/src/line-outcome.ts', [
      [
        'imports seats without their number',
        "line.claims.seats !== undefined && line.seats === null ? seatsMissing() : 'imported'",
        "'imported'",
      ],
    ]),
    ...inFile('libs/license-import/src/license-import-writer.ts', [
      ['forgets seats', 'if (seated.length > 0) await this.seats.add(tx, seated);', ''],
    ]),
    ...inFile('libs/license-import/src/imported-rows.ts', [
      ['records no seats', '      seats: line.seats,\n', '      seats: null,\n'],
    ]),
    ...inFile('libs/license-import/src/license-import-proof.ts', [
      ['keeps what a later version says of seats', '{ mode: seats.mode, required: seats.required }', 'seats'],
    ]),
  ],
};
