import { inFile } from './fault.mjs';

export default {
  area: 'idempotency',
  suites: [
    'test/e2e/idempotency/idempotency.spec.ts',
    'test/e2e/idempotency/idempotency-in-flight.spec.ts',
    'libs/licensing/src/issue/license-writer.spec.ts',
    'test/e2e/input/stored-moments.spec.ts',
  ],
  faults: [
    ...inFile('libs/idempotency/src/remembered-answers.ts', [
      [
        'gives answers of days ago',
        "created_at > clock_timestamp() - interval '24 hours' AS is_fresh",
        'true AS is_fresh',
      ],
      ['takes no lock', 'if (!lock?.taken) throw new RequestInProgress();', ''],
      [
        'answers another request',
        'if (!timingSafeEqual(seal.recognise(text), row.request_hash)) throw new IdempotencyKeyReused();',
        '',
      ],
      ['changes what a vendor wrote', 'if (FREE_NAMES.has(name)) return value;', ''],
      ['gives an answer to who lost the scope', 'if (lost.length > 0) throw new ScopeLostSince(lost);', ''],
      [
        'does again what cannot be read',
        'if (pepper === undefined) throw new AnswerUnreadable();',
        'if (pepper === undefined) return undefined;',
      ],
      [
        'forgets no answer about a customer',
        "'DELETE FROM idempotency_keys WHERE customer_id = $1'",
        "'DELETE FROM idempotency_keys WHERE customer_id = $1 AND false'",
      ],
      [
        'seals without the row',
        'return Buffer.concat([keyHash, requestHash]);',
        'return Buffer.concat([Buffer.alloc(32), requestHash.subarray(0, 0)]);',
        'each Idempotency-Key has an encryption key of its own besides: its answer opens in no other row',
      ],
      ['notes no customer', 'answer, customerId],', 'answer, null],'],
    ]),
    ...inFile('libs/idempotency/src/keyed-request.ts', [
      ['mixes up callers', '`${caller.id}\\0${idempotencyKey}`', '`\\0${idempotencyKey}`'],
      ['ignores the body', 'request.originalUrl, request.body]', 'request.originalUrl]'],
      ['ignores the route', '[request.method, request.originalUrl,', '[request.method,'],
      ['takes the order of members for meaning', 'sort(([a], [b]) => (a < b ? -1 : 1))', 'slice()'],
      [
        'takes keys of any form',
        "typeof idempotencyKey !== 'string' || !IDEMPOTENCY_KEY.test(idempotencyKey)",
        "typeof idempotencyKey !== 'string'",
      ],
    ]),
    ...inFile('libs/idempotency/src/idempotent-requests.ts', [
      [
        'remembers nothing',
        'await this.answers.remember(tx, keyed, given, performance.customerOf?.(result) ?? null);',
        '',
      ],
      ['does not say that it replays', "'Idempotent-Replayed': 'true'", "'Idempotent-Replayed': 'false'"],
      [
        'gives answers about keys to a secret that was replaced',
        'if (inForce !== undefined) performance.assertMayReplay?.(inForce);',
        '',
      ],
      ['does not look under the lock', 'if (earlier === undefined) return;', 'return;'],
    ]),
    ...inFile('libs/idempotency/src/answer-seal.ts', [
      [
        'uses one nonce',
        'const nonce = randomBytes(NONCE_BYTES);',
        'const nonce = Buffer.alloc(NONCE_BYTES);',
      ],
      [
        'binds an answer to no row',
        'createCipheriv(CIPHER, this.encryption, nonce).setAAD(row)',
        'createCipheriv(CIPHER, this.encryption, nonce)',
      ],
    ]),
    ...inFile('libs/http/src/answers/idempotent.ts', [
      [
        'shares the transaction in which an answer is remembered',
        "headers['idempotency-key'] !== undefined,",
        "headers['idempotency-key'] === undefined,",
      ],
    ]),
    ...inFile('libs/licensing/src/issue/license-writer.ts', [
      ['writes without the hooks of the transaction', 'if (hasTransactionHooks())', 'if (signed === null)'],
    ]),
  ],
};
