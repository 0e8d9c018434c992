import { inFile } from './fault.mjs';

export default {
  area: 'key ring',
  suites: [
    'libs/signing/src/ring/signing-keys.service.spec.ts',
    'libs/signing/src/ring/active-key-choice.spec.ts',
    'libs/signing/src/ring/key-ring.spec.ts',
    'libs/signing/src/ring/latest-read.spec.ts',
    'libs/signing/src/keys/key-files.spec.ts',
  ],
  faults: [
    ...inFile('libs/signing/src/ring/key-ring.service.ts', [
      ['reads the keys twice', 'if (this.heldKids.join() !== before) await', 'await'],
      [
        'does not sign with a key that it opened',
        'if (this.heldKids.join() !== before) await this.refresh();',
        '',
      ],
    ]),
    ...inFile('libs/signing/src/keys/weak-public-key.ts', [
      ['trusts a key on record that anybody can sign for', ' && !isSmallOrder(x);', ';'],
      [
        'trusts another spelling of a key on record',
        'CANONICAL.test(x) &&',
        'CANONICAL.test(`${x.slice(0, -1)}A`) &&',
      ],
    ]),
    ...inFile('libs/signing/src/ring/latest-read.ts', [
      [
        'reads in the context of the request that asked first',
        'await runOutsideRequests(this.read);',
        'await this.read();',
      ],
    ]),
    ...inFile('libs/signing/src/ring/signing-replicas.ts', [
      ['clears rows with every report', 'if (performance.now() < this.clearsFrom) return;', ''],
      ['waits though more rows may be left', 'if (cleared < MOST_REPLICAS) this', 'this'],
    ]),
    ...inFile('libs/signing/src/keys/key-pair-writer.ts', [
      [
        'takes over a private key besides the public file of another',
        'if (parsePublicKey(await readPem(keysDir, name, READABLE), name).equals(publicKey)) return true;',
        'return true;',
      ],
      [
        'refuses a private key whose public file is there',
        "const isPublished = origin === 'adopted' &&",
        "const isPublished = origin === 'new' &&",
      ],
    ]),
    ...inFile('libs/signing/src/ring/signing-key-register.ts', [
      [
        'does not wait for tokens that are being recorded',
        '    await lockActiveKey(this.tx);\n    const previous',
        '    const previous',
      ],
      [
        'leaves the former key active',
        "await this.update(previous.kid, { state: 'retired', retired_at: now });",
        '',
      ],
      [
        'records no retirement',
        "await this.record('signing_key.retired', { kid: previous.kid, replaced_by: kid });",
        '',
      ],
      [
        'gives a kid to another key',
        'if (found && found.public_key !== x) {',
        'if (!found && x === undefined) {',
      ],
      ['gives a key a second kid', 'if (found && found.kid !== kid) {', 'if (!found && x === undefined) {'],
      ['forgets from when a key is compromised', 'compromised_after: after,', 'compromised_after: null,'],
      [
        'adopts public keys as active',
        "await this.insert({ kid, public_key, state: 'retired', retired_at: now });",
        "await this.insert({ kid, public_key, state: 'pending' });",
      ],
      ['records no adoption', "await this.record('signing_key.adopted', { kid, public_key });", ''],
    ]),
    ...inFile('libs/signing/src/ring/reconcile-keys.ts', [
      [
        'adopts a public key because it is there',
        'if (parties.environment.ADOPT_PUBLIC_KEYS)',
        'if (parties.environment)',
      ],
      [
        'says nothing of a public key that is not on record',
        'if (register.find(kid, publicKey)) continue;',
        'if (register.find(kid, publicKey) ?? true) continue;',
      ],
    ]),
    ...inFile('libs/signing/src/ring/signing-keys.service.ts', [
      ['takes the servers that are read for all of them', 'live.length >= MOST_REPLICAS', 'false'],
      [
        'calls a compromised key adopted',
        'if (before) return { key: usable(register, kid), changed: false, skipped: [] };',
        'if (before) return { key: before, changed: false, skipped: [] };',
      ],
    ]),
    ...inFile('libs/signing/src/ring/key-ring.service.ts', [
      [
        'trusts what it knew while there are no notifications',
        '!this.hasLiveNotifications && performance.now() - this.readAt > TRUSTED_FOR_MS',
        'false',
      ],
      ['does not look for a kid that is new', 'await this.reread.done;', ''],
      ['signs with a key that is not there', 'if (!this.signing.signer) throw new SignerUnavailable();', ''],
    ]),
  ],
};
