import { inFile } from './fault.mjs';

const SEATS = 'libs/activations/src/seats';

export default {
  area: 'seats: terms',
  suites: [`${SEATS}/seat-terms.spec.ts`, 'test/e2e/licenses/seats.spec.ts'],
  faults: [
    ...inFile(`${SEATS}/seat-terms.ts`, [
      ['gives a single machine one move', 'Math.max(max, FEWEST_MOVES_BY_DEFAULT)', 'max'],
      ['gives floating seats a number of moves', 'isFixed ? Math.max(', '!isFixed ? Math.max('],
      ['takes a lease of fixed seats', 'if (isFixed && isGiven(lease_seconds))', 'if (false)'],
      ['takes days of floating seats', 'if (!isFixed && isGiven(offline_days))', 'if (false)'],
      ['allows takeovers that cost nothing', 'if (take_over && moves_per_30_days === null)', 'if (false)'],
      ['asks for no seat unless it is said', 'required = true,', 'required = false,'],
      [
        'refuses seats as they were read',
        'return value !== undefined && value !== null;',
        'return value !== undefined;',
      ],
      ['gives numbers that are absent their default', 'overage = before.overage,', 'overage,'],
      ['forgets the limit of moves', 'moves_per_30_days = before.moves_per_30_days,', 'moves_per_30_days,'],
      ['ends takeovers in silence', 'take_over = before.take_over,', 'take_over,'],
      [
        'shortens leases in silence',
        'lease_seconds: lease_seconds ?? before.lease_seconds,',
        'lease_seconds,',
      ],
    ]),
    ...inFile(`${SEATS}/read-seats.ts`, [
      ['reads numbers beyond their bounds', 'Number(value) <= most', 'true'],
      ['reads numbers below their bounds', 'Number(value) >= least', 'true'],
      ['reads fields that seats do not have', '!Object.hasOwn(RULES, field)', 'false'],
    ]),
    ...inFile(`${SEATS}/seats-in-use.ts`, [
      ['counts who has lapsed', ' OR activation.lease_ends_at > clock.now)', ' OR true)'],
      ['counts no fixed seat', '(activation.lease_ends_at IS NULL OR activation', '(activation'],
      ['counts who was let in regularly as over', 'FILTER (WHERE over)', ''],
      ['names the first end where there is still no room', 'counted.in_use - seats.max - seats.overage', '0'],
      ['forgets that more than the maximum are let in', 'seats.max - seats.overage)', 'seats.max)'],
      ['shows seats that are no longer counted', '= $1 AND seats.counted`', '= $1`'],
    ]),
    ...inFile(`${SEATS}/seat-terms-store.ts`, [
      ['shows in licenses seats that are no longer counted', '.id AND seats.counted)', '.id)'],
      ['never counts again', 'DO UPDATE SET counted = true, ', 'DO UPDATE SET '],
      ['changes seats that are no longer counted', 'seats?.counted === true ?', 'seats ?'],
      ['still counts what is no longer counted', 'SET counted = false WHERE', 'SET counted = true WHERE'],
    ]),
    ...inFile(`${SEATS}/end-activations.ts`, [
      [
        'ends lapsed ones now',
        'least(lease_ends_at, greatest(clock.now, admitted_at))',
        'greatest(clock.now, admitted_at)',
      ],
      ['says that the vendor ended lapsed ones', "THEN 'lease' ELSE $2 END", 'THEN $2 ELSE $2 END'],
      ['keeps the number of those who ended', 'SET open = 0, no_lapse_before', 'SET no_lapse_before'],
      [
        'keeps the names of those who ended before',
        'name IS NOT NULL ORDER',
        'name IS NOT NULL AND ended_at IS NULL ORDER',
      ],
      ['counts lapsed ones twice', 'ended.count += rows.length - lapsed;', 'ended.count += rows.length;'],
    ]),
    ...inFile(`${SEATS}/activation-endings.ts`, [
      [
        'records that nobody left',
        "if (ended.count + ended.lapsed === 0) return;\n    await this.audit.append(tx, {\n      type: 'activation.ended',\n      actor,\n      licenseId",
        "await this.audit.append(tx, {\n      type: 'activation.ended',\n      actor,\n      licenseId",
      ],
      ['keeps the names of a removed customer', '    await forgetNames(tx, licenseIds);\n', ''],
    ]),
    ...inFile('libs/licensing/src/issue/license-claims.ts', [
      ['says nothing of seats in tokens', '...(facts.seats !== null &&', '...(false &&'],
      ['says in the token that a seat is asked for', 'required: facts.seats.required', 'required: true'],
    ]),
    ...inFile('libs/licensing/src/issue/token-audit-data.ts', [
      ['records tokens without their seats', '...(grant.seats !== null &&', '...(false &&'],
    ]),
    ...inFile('libs/licensing/src/issue/license-writer.ts', [
      ['writes no seats', 'if (seated.length > 0) await this.seats.add(tx, seated);', ''],
      [
        'gives nobody seats if one has none',
        'if (seated.length > 0)',
        'if (seated.length === accepted.length)',
      ],
    ]),
    ...inFile('libs/licensing/src/issue/licensing.service.ts', [
      [
        'names fields of seats as if they were of the license',
        "completeSeats(input.seats, 'seats.')",
        'completeSeats(input.seats)',
      ],
    ]),
    ...inFile('libs/licensing/src/renew/token-replacement.ts', [
      ['leaves tokens that say other seats', '      seatsDiffer,\n', '      false,\n'],
      ['does not say that seats changed', "...(seatsDiffer ? ['seats'] : []),", ''],
      ['takes seats away by any reissue', 'if (seats === undefined) return license.seats;', ''],
    ]),
    ...inFile('libs/licensing/src/renew/license-renewal.service.ts', [
      [
        'leaves those who hold seats that are not counted',
        '    await this.endings.ofLicense(tx, actor, license, NO_LONGER_COUNTED);\n',
        '',
      ],
      [
        'leaves seats as they were',
        'if (after !== null) return this.seats.write(tx, { id: license.id, seats: after });',
        'if (after !== null) return;',
      ],
    ]),
    ...inFile('libs/licensing/src/seats/license-seats.service.ts', [
      [
        'changes seats without a new tag',
        'isChanged ? await this.licenses.update(tx, license, {}) : license',
        'license',
      ],
      ['records changes that change nothing', '!isDeepStrictEqual(before, after)', 'true'],
      ['changes seats whatever the caller has seen', '      precondition(license);\n', ''],
      [
        'waits for nobody who changes the license',
        'await this.licenses.take(tx, id);',
        'await this.licensing.find(id);',
      ],
    ]),
    ...inFile('libs/licensing/src/remove/customer-removal.service.ts', [
      [
        'leaves the installations of a removed customer',
        '        seated.map((license) => license.id),',
        '        [],',
      ],
    ]),
    ...inFile('libs/http/src/input/validation.pipe.ts', [
      ['takes any object in a body', 'if (isJsonObject(inner)) dto[name] =', 'if (false) dto[name] ='],
    ]),
  ],
};
