import { inFile } from './fault.mjs';

export default {
  area: 'final-states',
  suites: ['test/attacks/database-role.spec.ts'],
  faults: [
    ...inFile('migrations/1764230700000-refuse-unsound-keys.ts', [
      ['puts a key on record twice, spelled in two ways', '{42}[AEIMQUYcgkosw048]$', '{43}$'],
      ['takes a key of small order with the other sign', '& 127', '& 255'],
    ]),
    ...inFile('migrations/1764230500000-keep-what-is-final.ts', [
      [
        'takes a revocation back',
        "OR OLD.status = 'revoked' AND (NEW.status, NEW.revoked_at) IS DISTINCT FROM (OLD.status, OLD.revoked_at)`",
        '`',
      ],
      [
        'moves a revocation in time',
        '(NEW.status, NEW.revoked_at) IS DISTINCT FROM (OLD.status, OLD.revoked_at)',
        'NEW.status <> OLD.status',
      ],
      [
        'gives a license another id',
        'refused: `NEW.id <> OLD.id\n      OR OLD.status',
        'refused: `OLD.status',
      ],
      [
        'takes a supersession back',
        'OLD.superseded_at IS NOT NULL AND NEW.superseded_at IS DISTINCT FROM OLD.superseded_at',
        'false',
      ],
      [
        'restores trust in a compromised key',
        'AND NEW.compromised_after > coalesce(',
        'AND NEW.compromised_after < coalesce(',
      ],
      [
        'trusts a key again in which no trust is left',
        "coalesce(OLD.compromised_after, '-infinity'::timestamptz)",
        'OLD.compromised_after',
      ],
      [
        'restores a deleted API key',
        "api_keys: {\n    what: 'its id, and that it was deleted',\n    refused: `NEW.id <> OLD.id OR OLD.deleted_at",
        "api_keys: {\n    what: 'its id, and that it was deleted',\n    refused: `NEW.id <> OLD.id OR false AND OLD.deleted_at",
      ],
      [
        'restores a removed customer',
        "customers: {\n    what: 'its id, and that it was deleted',\n    refused: `NEW.id <> OLD.id OR OLD.deleted_at",
        "customers: {\n    what: 'its id, and that it was deleted',\n    refused: `NEW.id <> OLD.id OR false AND OLD.deleted_at",
      ],
      ['lets a change pass', 'RAISE EXCEPTION', 'RETURN NEW; RAISE EXCEPTION'],
    ]),
    ...inFile('migrations/privileges.ts', [
      ['lets the role change what a token is', 'UPDATE (superseded_at)', 'UPDATE'],
    ]),
  ],
};
