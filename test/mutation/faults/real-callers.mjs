import { inFile } from './fault.mjs';

export default {
  area: 'real-callers',
  suites: [
    'libs/api-keys/src/http/api-key-identification.spec.ts',
    'libs/license-token/src/text/pasted-token.spec.ts',
    'libs/license-token/src/text/white-space.spec.ts',
    'libs/signing/src/keys/encrypted-pem.spec.ts',
    'libs/signing/src/keys/key-files.spec.ts',
    'libs/http/src/input/body/json-body.spec.ts',
    'libs/http/src/limits/rate-limit.spec.ts',
    'test/contract/forgiving.spec.ts',
    'test/e2e/input/inspect.spec.ts',
    'libs/database/src/connections/pool-renewal.spec.ts',
    'test/e2e/operation/readiness.spec.ts',
    'apps/server/src/health/database-readiness.spec.ts',
    'test/e2e/round-trips/lists.spec.ts',
    'libs/lists/src/csv.spec.ts',
  ],
  faults: [
    ...inFile('libs/api-keys/src/http/api-key-identification.ts', [
      ['takes any scheme for ours', 'authorization.filter((value) => OURS.test(value))', 'authorization'],
      ['does not hear of a key without a scheme', '|aegis_)', ')'],
    ]),
    ...inFile('libs/http/src/callers/route-access.ts', [
      ['forgives on every route', "return access?.kind === 'public';", 'return access !== undefined;'],
      ['forgives nowhere', "return access?.kind === 'public';", "return access?.kind === 'nobody';"],
    ]),
    ...inFile('libs/http/src/input/body/json-body.ts', [
      ['reads any charset of a public route', '!ANY_CHARSET.test(parameter) ||', 'ANY_CHARSET ||'],
      ['takes a byte order mark nowhere', '(forgiving ? utf8WithoutMark : utf8)', 'utf8'],
      ['takes a byte order mark everywhere', '(forgiving ? utf8WithoutMark : utf8)', 'utf8WithoutMark'],
    ]),
    ...inFile('libs/http/src/limits/license-limit.guard.ts', [
      [
        'counts a token with white space apart',
        "hash('sha256', withoutOuterWhiteSpace(token), 'base64url')",
        "hash('sha256', token, 'base64url')",
      ],
    ]),
    ...inFile('libs/lists/src/csv.ts', [
      ['quotes no line break', ', quoted_match: /[\\r\\n]/', ''],
      ['escapes no formula', 'FORMULA.test(text) && ', 'FORMULA.test(text) && false && '],
      ['escapes no full-width formula', '\\uFF1D\\uFF0B\\uFF0D\\uFF20', ''],
      ['escapes no small form of a sign', '\\uFE62\\uFE63\\uFE66\\uFE6B', ''],
      [
        'escapes no formula after white space',
        '(?:[\\\\t\\\\r]|[${DROPPED}]*${SIGN})',
        '(?:[\\\\t\\\\r]|${SIGN})',
      ],
      ['escapes no formula after characters that nobody sees', '\\p{Cc}\\p{DI}`', '`'],
      ['escapes no formula after a semicolon', '(?<=[;\\t', '(?<=[\\t'],
      ['escapes no formula after a tab or a line break', '(?<=[;\\t\\r\\n])', '(?<=;)'],
      ['escapes no formula in quotation marks after a semicolon', '`^["${DROPPED}]', '`^[${DROPPED}]'],
      ['escapes phone numbers', '&& !HARMLESS.test(text)', ''],
    ]),
    ...inFile('libs/lists/src/list-stream.ts', [
      ['escapes where the exact text is asked for', "formulas === 'raw'", "String(formulas) === 'exact'"],
    ]),
    ...inFile('libs/lists/src/list-stream.ts', [
      ['ends lines of NDJSON within a text', '${jsonLine(row)}', '${JSON.stringify(row)}'],
    ]),
    ...inFile('libs/http/src/input/text-rules.ts', [
      [
        'takes two different versions',
        'return isAbsent(otherValue) || value === otherValue;',
        'return true;',
      ],
      ['takes an empty text for one', "(value === '' ? undefined : value)", '(value)'],
    ]),
    ...inFile('libs/http/src/input/unknown-fields.ts', [
      ['hands leniency on to derived classes', 'Reflect.hasOwnMetadata', 'Reflect.hasMetadata'],
    ]),
    ...inFile('libs/license-token/src/text/pasted-token.ts', [
      ['leaves a frame', 'if (begin === null) return text;', 'if (begin !== null) return text;'],
      ['does not say what it removed', 'if (cleaned !== rest) removed.add(remain);', ''],
    ]),
    ...inFile('libs/licensing/src/validate/token-inspection.service.ts', [
      [
        'calls what cannot be read unknown',
        'throw new NotAToken(parsed.malformed)',
        "throw new TokenNotOnRecord({ signature: 'unknown_key' })",
      ],
      ['calls every token the newest', 't.revision = l.revision AS is_newest', 'true AS is_newest'],
    ]),
    ...inFile('libs/signing/src/keys/encrypted-pem.ts', [
      ['opens a PEM as it is in the file', 'open(canonicalPem(block), passphrase', 'open(pem, passphrase'],
      ['takes a damaged PEM for a wrong passphrase', '|| !isIntact(block)', ''],
    ]),
    ...inFile('libs/signing/src/keys/public-key-pem.ts', [
      ['takes the first of two public keys', "|| pem.split('-----BEGIN ').length > 2", ''],
    ]),
    ...inFile('libs/api-keys/src/api-keys.errors.ts', [
      ['says the same of every bad key', 'super(UNAUTHORIZED[reason]);', 'super(UNAUTHORIZED.refused);'],
    ]),
    ...inFile('apps/server/src/health/database-readiness.ts', [
      ['is ready on a database that does not accept writes', "return 'read_only';", 'return undefined;'],
      [
        'is ready without a partition',
        'if (!answer.has_partition)',
        'if (answer.has_partition === undefined)',
      ],
      ['is ready though the disk is full', 'await this.disk.isFull()', 'await this.disk.isFull(), false'],
      [
        'is ready though nothing may be appended',
        'if (!answer.may_append)',
        'if (answer.may_append === undefined)',
      ],
    ]),
    ...inFile('libs/database/src/connections/pool-renewal.ts', [
      ['keeps connections that turned read-only', 'if (sqlState === SqlState.readOnly) this.renew();', ''],
      ['lends old connections again', 'if (this.isOld(client)) void client.end();', ''],
    ]),
    ...inFile('libs/licensing/src/validate/token-proofs.ts', [
      ['keeps white space around a token', 'shownToken(shown)', 'shown'],
    ]),
    ...inFile('libs/licensing/src/validate/question.ts', [
      ['knows one name of the version', 'return odoo_version ?? version', 'return odoo_version'],
    ]),
  ],
};
