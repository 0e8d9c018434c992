import { inFile } from './fault.mjs';

export default {
  area: 'seats for offline files',
  suites: [
    'libs/activations/src/admission/offline-admissions.spec.ts',
    'test/e2e/licenses/offline-files.spec.ts',
    'apps/cli/src/terminal/replace-output.spec.ts',
  ],
  faults: [
    ...inFile('apps/cli/src/activations/offline-file.ts', [
      [
        'gives a seat before its file can be written',
        'const written = await ReplacedOutput.begin(out, 0o600);',
        'const written = { discard: async () => undefined, write: async (text: string) => (await ReplacedOutput.begin(out, 0o600)).write(text) };',
      ],
      ['leaves the beginning of a file for which no seat is given', 'await written.discard();', ''],
    ]),
    ...inFile('apps/cli/src/terminal/replace-output.ts', [
      ['replaces a pipe or a device', '?.isFile() === false', '?.isFile() === null'],
    ]),
    ...inFile('libs/activations/src/admission/decide-seat.ts', [
      [
        'admits a machine without a network for a lease',
        'fileDays === undefined ? leaseEnd(account, now) : fileEnd(fileDays, now)',
        'leaseEnd(account, now)',
      ],
      [
        'gives files parts of a second',
        'new Date(Math.floor((now.getTime() + days * DAY_MS) / 1000) * 1000)',
        'new Date(now.getTime() + days * DAY_MS)',
      ],
    ]),
    ...inFile('libs/activations/src/admission/seat-writes.ts', [
      [
        'shortens the seat by a shorter file',
        'offline_until = greatest(a.offline_until, given.offline_until)',
        'offline_until = coalesce(given.offline_until, a.offline_until)',
      ],
      [
        'lets a fixed seat end with its file',
        'CASE WHEN a.lease_ends_at IS NOT NULL\n  THEN greatest(',
        'CASE WHEN true\n  THEN greatest(',
      ],
    ]),
    ...inFile('libs/activations/src/admission/seat-round.ts', [
      [
        'leaves no record of a file for one that holds a seat',
        'if (offlineUntil !== null) this.recordFile(applicant, own.id, offlineUntil);',
        '',
      ],
    ]),
    ...inFile('libs/activations/src/admission/end-seat.ts', [
      [
        'releases what a file holds',
        "AND ($3 = 'ended' OR a.offline_until IS NULL OR a.offline_until <= $5)",
        '',
      ],
    ]),
    ...inFile('libs/activations/src/offline/offline-files.ts', [
      ['takes an expired key set', 'if (!(now.getTime() < exp * 1000)) throw', 'if (false) throw'],
      ['takes a key set without the key that signs', 'if (missing !== undefined)', 'if (false)'],
    ]),
    ...inFile('libs/licensing/src/activate/offline-activations.ts', [
      [
        'takes the request of another license',
        'if (request.license_id !== licenseId.toLowerCase())',
        'if (false)',
      ],
      ['answers no request', 'this.tokens.sign(row, request.nonce)', 'this.tokens.sign(row)'],
      ['brings no list of the activation', 'row.status_list].filter', 'null].filter'],
    ]),
  ],
};
