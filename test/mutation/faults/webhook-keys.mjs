import { inFile } from './fault.mjs';

export default {
  area: 'webhook keys',
  suites: ['libs/webhooks/src/keys/keys.spec.ts', 'libs/webhooks/src/keys/opened-keys.spec.ts'],
  faults: [
    ...inFile('libs/webhooks/src/keys/secrets-keys.ts', [
      ['opens what belongs to another endpoint', 'protectedHeader.owner !== owner', 'false'],
      [
        'encrypts all with one key',
        "Buffer.from(hkdfSync('sha256', secret, '', LABEL, KEY_BYTES))",
        'Buffer.alloc(KEY_BYTES, 7)',
      ],
      [
        'has the same check value for all secrets',
        "createHmac('sha256', secret)",
        "createHmac('sha256', 'same')",
      ],
      [
        'encrypts under the last version',
        'this.currentVersion = secrets[0]?.version',
        'this.currentVersion = secrets.at(-1)?.version',
      ],
    ]),
    ...inFile('libs/webhooks/src/keys/endpoint-key-box.ts', [
      ['shows the whole SPKI as public key', 'spki.subarray(spki.length - 32)', 'spki'],
      ['gives all endpoints one secret', 'randomBytes(SECRET_BYTES)', 'Buffer.alloc(SECRET_BYTES, 7)'],
      [
        'stores nothing instead of a refusal',
        'if (sealed === undefined) throw new SecretsKeyMissing();',
        "if (sealed === undefined) return '';",
      ],
    ]),
    ...inFile('libs/webhooks/src/keys/opened-keys.ts', [
      ['gives the former keys', 'endpointId + sealed', "endpointId + ''"],
    ]),
    ...inFile('libs/webhooks/src/keys/sealed-keys.ts', [
      [
        'leaves the previous keys',
        'const renewedPrevious = isOld(previous)',
        'const renewedPrevious = isOld(null)',
      ],
      ['stops at the first that cannot be opened', '.catch((error: unknown) => failures.push(error))', ''],
      [
        'counts keys under the version that they are not under',
        'sealedVersion))',
        '() => this.secretsKeys.currentVersion ?? ""))',
      ],
    ]),
    ...inFile('libs/database/src/secret-checks.ts', [
      ['accepts every secret', '!timingSafeEqual(known, value)', 'false'],
    ]),
  ],
};
