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
    ...inFile('migrations/1764270480000-keep-ended-activations.ts', [
      ['takes the end of an activation back', 'OLD.ended_at IS NOT NULL AND (NEW', 'false AND (NEW'],
      [
        'says another reason of an end',
        '(NEW.ended_at, NEW.ended_by) IS DISTINCT FROM (OLD.ended_at, OLD.ended_by)',
        'NEW.ended_at IS DISTINCT FROM OLD.ended_at',
      ],
      [
        'takes an activation out of its status list',
        'OLD.status_list IS NOT NULL\n    AND (NEW',
        'false\n    AND (NEW',
      ],
      [
        'lets a list forget what has ended',
        "coalesce(NEW.token_expires_at, '-infinity') < OLD.token_expires_at",
        'false',
      ],
      [
        'lets a list forget the end of a file',
        "coalesce(NEW.offline_until, '-infinity') < OLD.offline_until",
        'false',
      ],
    ]),
    ...inFile('migrations/privileges.ts', [
      [
        'lets the role give an activation to another',
        'UPDATE (name, last_seen_at',
        'UPDATE (fp, name, last_seen_at',
      ],
      ['lets the role change what a token is', 'UPDATE (superseded_at)', 'UPDATE'],
    ]),
  ],
};
