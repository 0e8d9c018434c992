import { inFile } from './fault.mjs';

export default {
  area: 'seat-routes',
  suites: [
    'libs/activations/src/seat-counts.spec.ts',
    'test/e2e/licenses/activations.spec.ts',
    'test/e2e/licenses/held-activations.spec.ts',
    'test/attacks/ended-callers.spec.ts',
  ],
  faults: [
    ...inFile('libs/licensing/src/validate/token-look-up.ts', [
      ['validates with the activation of another installation', 'AND a.fp = asked.fp', ''],
      [
        'looks for no activation where another question has none',
        'shown.every(({ activation }) => activation === null)',
        'shown.some(({ activation }) => activation === null)',
      ],
    ]),
    ...inFile('libs/licensing/src/validate/question.ts', [
      [
        'takes questions of other seats for equal',
        'instance_domain, ...seat]',
        'instance_domain, seat.length]',
      ],
    ]),
    ...inFile('libs/licensing/src/activate/heartbeat-look-up.ts', [
      [
        'renews the lease of another installation',
        'AND a.license_id = l.id AND a.fp = asked.fp',
        'AND a.license_id = l.id',
      ],
      [
        'renews the lease of another license',
        'AND a.license_id = l.id AND a.fp = asked.fp',
        'AND a.fp = asked.fp',
        'a digest of another license is never equal',
      ],
    ]),
    ...inFile('libs/licensing/src/activate/seat-judge.ts', [
      [
        'brings no renewal to a token that has expired',
        "if (verdict.code !== 'EXPIRED') return",
        'if (!verdict.valid) return',
      ],
      [
        'brings no newer token',
        'if (verdict.valid) return { verdict, licenseToken: row.newest_token };',
        'if (verdict.valid) return { verdict, licenseToken: null };',
      ],
    ]),
    ...inFile('libs/licensing/src/activate/activations.service.ts', [
      [
        'renews while the license is not valid',
        'if (!verdict.valid) throw new LicenseNotValid(verdict);',
        '',
      ],
      [
        'releases for another installation',
        'if (!row?.fp.equals(fingerprintDigest(claims.jti, fingerprint))) throw',
        'if (!row) throw',
      ],
      [
        'counts against the activation what does not match',
        'if (row.activation_id === null) throw new ActivationNotFound();',
        'if (row.activation_id === null) { await charge(id); throw new ActivationNotFound(); }',
      ],
    ]),
    ...inFile('libs/licensing/src/activate/license-activations.service.ts', [
      [
        'renews for anyone who knows an id',
        'row.activation_id === null || !row.fp.equals(fingerprintDigest(row.license_id, fingerprint))',
        'row.activation_id === null || fingerprint.length === 0',
      ],
      [
        'lets one that is refused refuse all',
        'if (!verdict.valid) return new LicenseNotValid(verdict);',
        'if (!verdict.valid) throw new LicenseNotValid(verdict);',
      ],
    ]),
    ...inFile('libs/licensing/src/activate/lease-renewal.ts', [
      ['lets one whose lease is over refuse all', 'if (isOfOne(error)) return error;', ''],
      [
        'lets seats that somebody holds refuse all',
        'if (sqlState(error) === SqlState.lockNotAvailable) return new ActivationBusy();',
        '',
      ],
    ]),
    ...inFile('libs/activations/src/leases/heartbeats.ts', [
      [
        'renews many for a caller that has ended',
        'return transaction(this.dataSource, (tx) => renewFree(tx, beats));',
        'return renewFree(this.dataSource, beats);',
      ],
      [
        'lets one that somebody holds refuse all',
        'if (sqlState(error) !== SqlState.lockNotAvailable) throw error;',
        'throw error;',
      ],
    ]),
    ...inFile('libs/licensing/src/activate/activations.service.ts', [
      [
        'lets a withdrawn token use up the limit of a license',
        'if (!verdict.valid) return this.counts.admission(Promise.reject(new LicenseNotValid(verdict)));',
        '',
      ],
    ]),
    ...inFile('libs/activations/src/seat-counts.ts', [
      ['counts what was not decided', '&& PROBLEMS[error.code].status < 500', ''],
    ]),
    ...inFile('libs/http/src/limits/rate-limiter.ts', [
      [
        'counts no heartbeats',
        "'activation', activationId, this.heartbeatsLimit",
        "'activation', activationId, Infinity",
      ],
      [
        'counts admissions of all licenses together',
        "'admissions', licenseId, this",
        "'admissions', licenseId.slice(0, 0), this",
      ],
    ]),
    ...inFile('libs/http/src/problems/problem.filter.ts', [
      [
        'does not count what matches no activation',
        "factsOf(request).route?.access?.group === 'activations'",
        'factsOf(request).counted',
      ],
    ]),
    ...inFile('libs/activations/src/activation.entity.ts', [
      ['lists as live what has lapsed', "this.ended_by = 'lease';", 'this.ended_at = null;'],
    ]),
    ...inFile('libs/activations/src/tokens/activation-tokens.ts', [
      [
        'gives no place in a status list',
        'row.status_list === null || row.status_index === null',
        'row.fence !== null',
      ],
    ]),
  ],
};
