import { inFile } from './fault.mjs';

export default {
  area: 'signers',
  suites: [
    'libs/signing/src/signers/vault-source.spec.ts',
    'libs/signing/src/signers/pkcs11/pkcs11-source.spec.ts',
    'libs/signing/src/signers/aws-kms-source.spec.ts',
    'libs/signing/src/signers/azure-passphrase.spec.ts',
    'libs/signing/src/signers/sources.spec.ts',
  ],
  faults: [
    ...inFile('libs/signing/src/signers/signer-guard.ts', [
      ['hands out what does not hold', '|| !verify(null, input, key.publicKey, signature)', ''],
      ['waits without end', 'timeout(options.timeoutMs,', 'timeout(3_600_000,'],
      ['never opens the breaker', 'new ConsecutiveBreaker(FAILURES_TO_OPEN)', 'new ConsecutiveBreaker(1e9)'],
      [
        'opens the breaker at the first failure',
        'const FAILURES_TO_OPEN = 5;',
        'const FAILURES_TO_OPEN = 1;',
      ],
      [
        'does not ask whether the signer is back',
        'void runOutsideRequests(() => this.probeUntilBack(key));',
        '',
      ],
      ['sends what is too long', 'input.length > largestInput)', 'input.length > 2 * largestInput)'],
      ['logs for each failure that the signer is unavailable', 'if (this.probing) return;', ''],
    ]),
    ...inFile('libs/signing/src/signers/vault-session.ts', [
      ['does not log in again', "answer.status === FORBIDDEN && this.login.method !== 'token'", 'false'],
      ['logs in for each caller', 'if (current.token !== refused.token) return current;', ''],
      ['renews no token', 'void this.renew(lease)', 'void Promise.resolve(lease)'],
      ['asks in no namespace', "'X-Vault-Namespace': namespace", "'X-Vault-Nothing': namespace"],
    ]),
    ...inFile('libs/signing/src/signers/vault-source.ts', [
      ['signs with the latest version', ', key_version: version }', ' }'],
      ['takes keys of any type', "if (type !== 'ed25519')", "if (type === 'none')"],
      ['accepts versions that no longer sign', 'Number(version) >= oldest', 'oldest >= 0'],
    ]),
    ...inFile('libs/signing/src/signers/json-request.ts', [
      ['follows redirects', "redirect: 'error'", "redirect: 'follow'"],
    ]),
    ...inFile('libs/signing/src/signers/pkcs11/pkcs11-sessions.ts', [
      ['opens sessions without end', 'if (this.taken < this.options.size) {', 'if (this.taken >= 0) {'],
      [
        'keeps a session that failed',
        'if (session) this.discard(session);',
        'if (session) this.idle.push(session);',
      ],
      ['hands no turn on', 'if (next) next();', 'if (next) this.taken -= 1;'],
      ['tries a refused PIN again', 'if (this.refusedPin !== undefined) throw this.refusedPin;', ''],
    ]),
    ...inFile('libs/signing/src/signers/pkcs11/pkcs11-source.ts', [
      [
        'keeps the bytes before the point',
        'isWrapped ? point.subarray(OCTET_STRING.length) : point',
        'point',
      ],
      ['takes any of several keys', 'if (more.length > 0)', 'if (more.length > 9)'],
    ]),
    ...inFile('libs/signing/src/signers/aws-kms-source.ts', [
      ['takes keys of any spec', 'answer.KeySpec !== KEY_SPEC || ', ''],
      ['fetches public keys each time', 'this.publicKeys.set(key, publicKey);', ''],
      ['reads any length of an answer', 'boundAnswers(client, LONGEST_ANSWER_BYTES);', ''],
      ['has the message hashed', "MessageType: 'RAW'", "MessageType: 'DIGEST'"],
    ]),
    ...inFile('libs/signing/src/signers/azure-passphrase.ts', [
      ['unwraps with another padding', "'RSA-OAEP-256'", "'RSA-OAEP'"],
      ['takes bytes for text', '{ fatal: true }', '{ fatal: false }'],
      ['asks one cloud for all', "hostname.replace(/^.*?\\.(?=vault\\.)/, '')", "'vault.azure.net'"],
    ]),
  ],
};
