import { inFile } from './fault.mjs';

export default {
  area: 'offline trust',
  suites: ['libs/license-token/src/key-set.spec.ts'],
  faults: [
    ...inFile('libs/license-token/src/offline.ts', [
      [
        'says of a license by an expired key set that its key is unknown',
        'return hasExpired(keySet, now) ? { ...verdict, error: NO_KEY_SET.expired } : verdict;',
        'return verdict;',
      ],
      [
        'says of every unknown key that the key set has expired',
        'return hasExpired(keySet, now) ? { ...verdict, error: NO_KEY_SET.expired } : verdict;',
        'return { ...verdict, error: NO_KEY_SET.expired };',
      ],
    ]),
    ...inFile('libs/license-token/src/key-set-proof.ts', [
      ['trusts an expired key set that was opened in time', 'hasExpired(keySet, now) ? undefined : ', ''],
      [
        'forgets compromised keys once the key set has expired',
        'if (isCompromised(keySet, kid)) return isAcceptedAlg',
        'if (!hasExpired(keySet, now) && isCompromised(keySet, kid)) return isAcceptedAlg',
      ],
    ]),
    ...inFile('libs/license-token/src/key-set.ts', [
      [
        'opens an expired key set',
        "return 'keys' in keySet && hasExpired(keySet, trust.now) ? { refused: 'expired' } : keySet;",
        'return keySet;',
      ],
      [
        'trusts a key set a second too long',
        'return !(now.getTime() < exp * 1000);',
        'return !(now.getTime() < (exp + 1) * 1000);',
      ],
      [
        'trusts a key set when the time is not one',
        'return !(now.getTime() < exp * 1000);',
        'return now.getTime() >= exp * 1000;',
      ],
      [
        'takes an old key set where what was seen is not a number',
        '!(keySet.iat >= newestSeen)',
        'keySet.iat < newestSeen',
      ],
    ]),
  ],
};
