// Faults to plant, one line each: a test must fail for it. `area` says which tests are shown it.

/** What is tested by which suites; the first that fails ends it. */
export const AREAS = {
  'judge()': ['libs/license-token/src/judge.spec.ts'],
  guard: [
    'libs/api-keys/src/http/api-key.guard.spec.ts',
    'libs/api-keys/src/http/api-key-identification.spec.ts',
    'libs/web/src/access.spec.ts',
  ],
  'API keys': [
    'libs/api-keys/src/api-key-format.spec.ts',
    'libs/api-keys/src/peppers.spec.ts',
    'libs/api-keys/src/api-key-authentication.spec.ts',
    'libs/api-keys/src/api-keys.service.spec.ts',
    'libs/api-keys/src/api-key-rotation.spec.ts',
    'libs/api-keys/src/pepper-renewal.spec.ts',
    'libs/api-keys/src/pepper-use.spec.ts',
    'libs/api-keys/src/http/api-keys.controller.spec.ts',
  ],
  idempotency: ['test/e2e/idempotency.spec.ts', 'test/e2e/idempotency-in-flight.spec.ts'],
  checkpoints: ['libs/checkpoints/src/merkle-tree.spec.ts', 'libs/checkpoints/src/trail.spec.ts'],
  'status lists': [
    'libs/license-token/src/status-list.spec.ts',
    'libs/licensing/src/status-lists/status-lists.spec.ts',
  ],
  signers: [
    'libs/signing/src/signers/vault-source.spec.ts',
    'libs/signing/src/signers/pkcs11-source.spec.ts',
    'libs/signing/src/signers/aws-kms-source.spec.ts',
    'libs/signing/src/signers/azure-passphrase.spec.ts',
    'libs/signing/src/signers/sources.spec.ts',
  ],
  'key ring': ['libs/signing/src/active-key-choice.spec.ts', 'libs/signing/src/key-ring.spec.ts'],
};

/**
 * @typedef {object} Fault
 * @property {keyof typeof AREAS} area
 * @property {string} name what the planted fault does
 * @property {string} file
 * @property {string} from text that stands once in the file
 * @property {string} to
 */

/** @type {Fault[]} */
export const FAULTS = [
  ...inFile('judge()', 'libs/license-token/src/judge.ts', [
    ['trusts a compromised key', "if (isCompromised(evidence)) return unproven('KEY_COMPROMISED', now);", ''],
    [
      'trusts what a compromised key signed and nobody recorded',
      'record === null || isOffline(record) || record.recorded_at > key.after',
      'record !== null && !isOffline(record) && record.recorded_at > key.after',
    ],
    [
      'trusts a compromised key when no time is given',
      'return key.after === null ||',
      'return key.after !== null &&',
    ],
    [
      'takes a record of the very moment for later',
      'record.recorded_at > key.after',
      'record.recorded_at >= key.after',
    ],
    ['takes any issuer', "if (!acceptedIssuers.includes(claims.iss)) return 'ISSUER_MISMATCH';", ''],
    ['takes any module', "if (module.technical_name !== question.module_name) return 'MODULE_MISMATCH';", ''],
    ['takes any version', '!module.allowed_major_versions.includes(version)', 'false'],
    ['takes a version that is none', 'if (version === null ||', 'if (version !== null &&'],
    [
      'binds no license to an instance',
      'if (boundTo === undefined) return null;',
      'if (boundTo !== null) return null;',
    ],
    ['takes any instance', "question.instance_fingerprint === boundTo ? null : 'INSTANCE_MISMATCH'", 'null'],
    [
      'asks for no instance',
      "if (question.instance_fingerprint === null) return 'INSTANCE_REQUIRED';",
      'if (question.instance_fingerprint === null) return null;',
    ],
    [
      'takes a token that is not on record',
      "if (record === null) return 'NOT_FOUND';",
      'if (record === null) return null;',
    ],
    ['lets a superseded token pass', "if (record.superseded) return 'SUPERSEDED';", ''],
    ['lets an inactive customer pass', "record.customer_active ? null : 'CUSTOMER_INACTIVE'", 'null'],
    ['expires a second late', 'now.getTime() >= exp * 1000', 'now.getTime() > exp * 1000'],
    ['lets what is expired pass', "(isExpired(claims, now) ? 'EXPIRED' : 'VALID')", "'VALID'"],
    [
      'judges the end before the record',
      "refusedByRecord(record) ??\n    (isExpired(claims, now) ? 'EXPIRED' : 'VALID')",
      "(isExpired(claims, now) ? 'EXPIRED' : refusedByRecord(record) ?? 'VALID')",
    ],
    ['warns of a near end a day late', '30 * 24 * 60', '29 * 24 * 60'],
  ]),
  ...inFile('guard', 'libs/api-keys/src/http/api-key.guard.ts', [
    [
      'lets a route pass that declares nothing',
      "if (!access) throw new Error('a route declares no access');",
      'if (!access) return true;',
    ],
    ['needs no key', 'if (!needed) return true;', 'return true;'],
    ['lets a refused key pass on', "throw new Unauthorized('refused');", 'return true;'],
    [
      'lets pass while keys can not be checked',
      'throw new AuthenticationUnavailable(credential.error);',
      'return true;',
    ],
    ['takes either of two credentials', 'throw new ConflictingCredentials();', 'return true;'],
    ['asks for no scope', 'if (lacking.length > 0) throw new InsufficientScope(lacking);', ''],
    [
      'is content with one of several scopes',
      '!grants(credential.key.scopes, scope)',
      'needed.every((one) => !grants(credential.key.scopes, one)) && !grants(credential.key.scopes, scope)',
    ],
    ['never closes validation', 'return scope && [scope];', 'return undefined;'],
  ]),
  ...inFile('guard', 'libs/web/src/scopes.ts', [
    ['gives every key all scopes', "held.includes(needed) || held.includes('admin')", 'true'],
    ['gives admin nothing more', "|| held.includes('admin')", ''],
  ]),
  ...inFile('guard', 'libs/api-keys/src/http/api-key-identification.ts', [
    ['looks at the first of two keys', 'if (others.length > 0 || credential', 'if (credential'],
    ['looks at keys of any length', '|| credential.length > LONGEST_CREDENTIAL', ''],
  ]),
  ...inFile('guard', 'libs/web/src/access-check.ts', [
    [
      'starts with routes that declare nothing',
      'if (undeclared.length > 0)',
      'if (undeclared.length > 1000)',
    ],
  ]),
  ...inFile('API keys', 'libs/api-keys/src/api-key-format.ts', [
    ['ignores the checksum', '|| checksum(body) !== crc', ''],
    ['makes short secrets', 'const SECRET_BYTES = 32;', 'const SECRET_BYTES = 16;'],
    ['makes the same key always', 'randomBytes(SECRET_BYTES)', 'Buffer.alloc(SECRET_BYTES, 7)'],
  ]),
  ...inFile('API keys', 'libs/api-keys/src/peppers.ts', [
    ['takes any secret', 'return equal && pepper !== undefined;', 'return pepper !== undefined;'],
    ['takes hashes of unknown peppers', 'return equal && pepper !== undefined;', 'return equal;'],
    ['hashes without a pepper', "createHmac('sha256', pepper)", "createHmac('sha256', '')"],
  ]),
  ...inFile('API keys', 'libs/api-keys/src/api-key-authentication.ts', [
    [
      'takes keys of other environments',
      'if (presented?.environment !== this.environment.ENVIRONMENT)',
      'if (presented === undefined)',
    ],
    ['takes whoever knows an id', 'if (!candidate || !(isCurrent || isPrevious))', 'if (!candidate)'],
    ['takes inactive keys', 'AND is_active AND deleted_at IS NULL', 'AND deleted_at IS NULL'],
    ['takes expired keys', '(expires_at IS NULL OR expires_at > clock_timestamp())', 'true'],
    ['ends no grace', 'row.in_grace && row.previous_hash', 'row.previous_hash'],
    ['counts no use', 'this.usage.count(key.id, checkedAt);', ''],
    [
      'renews no pepper',
      'if (isCurrent && current.pepperVersion !==',
      'if (!isCurrent && current.pepperVersion !==',
    ],
  ]),
  ...inFile('API keys', 'libs/api-keys/src/api-keys.service.ts', [
    [
      'lets anybody grant by a change',
      'assertHolds(held, [...new Set([...apiKey.scopes, ...(input.scopes ?? [])])]);',
      'assertHolds(held, apiKey.scopes);',
    ],
    [
      'lets anybody weaken a stronger key',
      'assertHolds(held, [...new Set([...apiKey.scopes, ...(input.scopes ?? [])])]);',
      'assertHolds(held, input.scopes ?? []);',
    ],
    [
      'lets the last admin key be weakened',
      'if (weakens && !evenLastAdmin &&',
      'if (weakens && evenLastAdmin &&',
    ],
    [
      'lets the last admin key be deleted',
      'if (!evenLastAdmin && (await isLastAdminKey(tx, apiKey))) throw new LastAdminKey();\n      await tx.update(ApiKey, id, { is_active: false',
      'await tx.update(ApiKey, id, { is_active: false',
    ],
    [
      'takes an end in the past by a change',
      'if (changes.expires_at && changes.expires_at <= changed.updated_at) throw new ExpiryInThePast();',
      '',
    ],
    [
      'makes a key that has ended',
      'if (apiKey.expires_at && apiKey.expires_at <= apiKey.created_at) throw new ExpiryInThePast();',
      '',
    ],
    ['makes a second first admin key', 'if (await isAnyAdminKey(tx)) return null;', ''],
    ['records no deletion', "type: 'api_key.deleted'", "type: 'api_key.updated'"],
  ]),
  ...inFile('API keys', 'libs/api-keys/src/admin-keys.ts', [
    [
      'takes no lock on the admin keys',
      "await tx.query('SELECT pg_advisory_xact_lock($1)', [ADMIN_KEYS_LOCK]);",
      '',
    ],
    ['counts an admin key that ends as lasting', '&& expires_at === null', ''],
  ]),
  ...inFile('API keys', 'libs/api-keys/src/api-key-rotation.ts', [
    ['lets anybody rotate a stronger key', 'assertHolds(held, apiKey.scopes);', ''],
    [
      'keeps the old secret without being asked',
      'previous_expires_at = CASE WHEN $5 > 0',
      'previous_expires_at = CASE WHEN $5 >= 0',
    ],
  ]),
  ...inFile('idempotency', 'libs/web/src/idempotency/remembered-answers.ts', [
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
    ['gives an answer to who lost the scope', 'if (lost.length > 0) throw new ScopeLostSince(lost);', ''],
    [
      'does again what can not be read',
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
    ],
    ['notes no customer', 'answer, customerId],', 'answer, null],'],
  ]),
  ...inFile('idempotency', 'libs/web/src/idempotency/keyed-request.ts', [
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
  ...inFile('idempotency', 'libs/web/src/idempotency/idempotent-requests.ts', [
    [
      'remembers nothing',
      'await this.answers.remember(tx, keyed, given, performance.customerOf?.(result) ?? null);',
      '',
    ],
    ['does not say that it replays', "'Idempotent-Replayed': 'true'", "'Idempotent-Replayed': 'false'"],
    ['does not look under the lock', 'if (earlier === undefined) return;', 'return;'],
  ]),
  ...inFile('idempotency', 'libs/web/src/idempotency/answer-seal.ts', [
    ['uses one nonce', 'const nonce = randomBytes(NONCE_BYTES);', 'const nonce = Buffer.alloc(NONCE_BYTES);'],
    [
      'binds an answer to no row',
      'createCipheriv(CIPHER, this.encryption, nonce).setAAD(row)',
      'createCipheriv(CIPHER, this.encryption, nonce)',
    ],
  ]),
  ...inFile('checkpoints', 'libs/checkpoints/src/merkle-tree.ts', [
    ['hashes leaves as nodes', 'const LEAF = Uint8Array.of(0);', 'const LEAF = Uint8Array.of(1);'],
    ['hashes nodes as leaves', 'const NODE = Uint8Array.of(1);', 'const NODE = Uint8Array.of(0);'],
    ['splits at the middle', 'while (split * 2 < size) split *= 2;', 'split = Math.ceil(size / 2);'],
    ['takes a path that is too long', 'return path.length === 0 ? leaf : undefined;', 'return leaf;'],
    [
      'takes an index beyond the tree',
      'index < 0 || index >= size) return undefined;',
      'index < 0) return undefined;',
    ],
  ]),
  ...inFile('status lists', 'libs/license-token/src/status-list-reader.ts', [
    ['takes an expired list', ' || now >= list.expires_at', ''],
    ['takes the list of another token', 'status?.status_list.uri !== list.uri ||', 'status === undefined ||'],
    [
      'takes any signature',
      "if (!(await verifySignature(parsed, key))) return { refused: 'signature_invalid' };",
      '',
    ],
    [
      'counts from the highest bits',
      '(byte >> ((index % perByte) * bits))',
      '(byte >> (8 - bits - (index % perByte) * bits))',
    ],
    [
      'takes an index before the list',
      'if (!Number.isSafeInteger(index) || index < 0) return undefined;',
      'index = Math.abs(index);',
    ],
    ['stays fresh for good', 'Math.min(exp, ttl === undefined ? exp : iat + ttl)', 'exp'],
  ]),
  ...inFile('status lists', 'libs/license-token/src/status-list.ts', [
    ['takes a list without a type', 'mayLackTyp: false', 'mayLackTyp: true'],
    ['takes a list that never ends', 'exp: second,', 'exp: optional(second),'],
    ['takes three bits', 'STATUS_BITS.includes(value as StatusBits)', 'Number.isInteger(value)'],
  ]),
  ...inFile('status lists', 'libs/license-token/src/compact-jws.ts', [
    ['takes any type', 'mediaType(typ) !== mediaType(expected.typ)', 'false'],
    ['takes a text of any length', 'if (jws.length > maxLength)', 'if (false)'],
  ]),
  ...inFile('status lists', 'libs/license-token/src/inflate.ts', [
    ['inflates without a bound', 'if (length > limit)', 'if (false)'],
  ]),
  ...inFile('status lists', 'libs/licensing/src/status-lists/status-list-content.ts', [
    [
      'lets a suspension outrank a revocation',
      `mark(statuses, suspended, STATUS_VALUES.suspended);
  mark(statuses, revoked, STATUS_VALUES.revoked);`,
      `mark(statuses, revoked, STATUS_VALUES.revoked);
  mark(statuses, suspended, STATUS_VALUES.suspended);`,
    ],
    ['adds up statuses', ' & ~(((1 << BITS) - 1) << shift)', ''],
  ]),
  ...inFile('status lists', 'libs/licensing/src/status-lists/status-list-records.ts', [
    ['leaves out superseded tokens', 'WHERE superseded_at IS NOT NULL AND', 'WHERE false AND'],
    [
      'leaves out suspended licenses',
      "license.status IN ('revoked', 'suspended')",
      "license.status = 'revoked'",
    ],
    [
      'forgets changes that are not folded',
      'UNION ALL SELECT list, count(*) FROM status_list_changes GROUP BY list',
      '',
    ],
    [
      'forgets changes that are folded',
      'SELECT list, version AS changes FROM status_list_versions',
      'SELECT list, 0 AS changes FROM status_list_versions',
    ],
  ]),
  ...inFile('status lists', 'libs/licensing/src/status-lists/status-lists.service.ts', [
    ['does not sign anew under another key', 'served.kid !== kid ||', ''],
    ['makes every list anew each time', 'served?.version !== (versions.get(list) ?? 0)', 'true'],
    ['makes no list anew', 'served?.version !== (versions.get(list) ?? 0)', 'served === undefined'],
    ['never looks for a list that is not there', 'if (!this.served.has(list)) await this.refresh();', ''],
    ['reads for each who asks', 'this.next ??= this.afterRunning();', 'this.next = this.afterRunning();'],
  ]),
  ...inFile('signers', 'libs/signing/src/signers/signer-guard.ts', [
    ['hands out what does not hold', '|| !verify(null, input, key.publicKey, signature)', ''],
    ['waits without end', 'timeout(options.timeoutMs,', 'timeout(3_600_000,'],
    ['never opens the breaker', 'new ConsecutiveBreaker(FAILURES_TO_OPEN)', 'new ConsecutiveBreaker(1e9)'],
    ['opens the breaker at the first failure', 'const FAILURES_TO_OPEN = 5;', 'const FAILURES_TO_OPEN = 1;'],
    ['does not ask whether the signer is back', 'void this.probeUntilBack(key);', ''],
    ['sends what is too long', 'input.length > largestInput)', 'input.length > 2 * largestInput)'],
    ['tells of each failure that the signer is away', 'if (this.probing) return;', ''],
  ]),
  ...inFile('signers', 'libs/signing/src/signers/vault-session.ts', [
    ['does not log in anew', "answer.status === FORBIDDEN && this.login.method !== 'token'", 'false'],
    ['logs in for each caller', 'if (current.token !== refused.token) return current;', ''],
    ['renews no token', 'void this.renew(lease)', 'void Promise.resolve(lease)'],
    ['asks in no namespace', "'X-Vault-Namespace': namespace", "'X-Vault-Nothing': namespace"],
  ]),
  ...inFile('signers', 'libs/signing/src/signers/vault-source.ts', [
    ['signs with the latest version', ', key_version: version }', ' }'],
    ['takes keys of any type', "if (type !== 'ed25519')", "if (type === 'none')"],
    ['takes versions that sign no more', 'Number(version) >= oldest', 'oldest >= 0'],
  ]),
  ...inFile('signers', 'libs/signing/src/signers/json-request.ts', [
    ['follows redirects', "redirect: 'error'", "redirect: 'follow'"],
  ]),
  ...inFile('signers', 'libs/signing/src/signers/pkcs11-sessions.ts', [
    ['opens sessions without end', 'if (this.taken < this.options.size) {', 'if (this.taken >= 0) {'],
    [
      'keeps a session that failed',
      'if (session) this.discard(session);',
      'if (session) this.idle.push(session);',
    ],
    ['hands no turn on', 'if (next) next();', 'if (next) this.taken -= 1;'],
  ]),
  ...inFile('signers', 'libs/signing/src/signers/pkcs11-source.ts', [
    ['keeps the bytes before the point', 'isWrapped ? point.subarray(OCTET_STRING.length) : point', 'point'],
    ['takes any of several keys', 'if (more.length > 0)', 'if (more.length > 9)'],
  ]),
  ...inFile('signers', 'libs/signing/src/signers/aws-kms-source.ts', [
    ['takes keys of any spec', 'answer.KeySpec !== KEY_SPEC || ', ''],
    ['fetches public keys each time', 'this.publicKeys.set(key, publicKey);', ''],
    ['has the message hashed', "MessageType: 'RAW'", "MessageType: 'DIGEST'"],
  ]),
  ...inFile('signers', 'libs/signing/src/signers/azure-passphrase.ts', [
    ['unwraps with another padding', "'RSA-OAEP-256'", "'RSA-OAEP'"],
    ['takes bytes for text', '{ fatal: true }', '{ fatal: false }'],
    ['asks one cloud for all', "hostname.replace(/^.*?\\.(?=vault\\.)/, '')", "'vault.azure.net'"],
  ]),
];

function inFile(area, file, faults) {
  return faults.map(([name, from, to]) => ({ area, name, file, from, to }));
}
