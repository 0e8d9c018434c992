import { inFile } from './fault.mjs';

export default {
  area: 'offline trust',
  suites: ['libs/license-token/src/key-set.spec.ts'],
  faults: [
    ...inFile('libs/license-token/src/offline.ts', [
      [
        'says of a license by an expired key set that its key is unknown',
        "verdict.code === 'UNKNOWN_KEY' && hasExpired(trust.keySet, trust.now)",
        'false',
      ],
      [
        'says of every unknown key that the key set has expired',
        "verdict.code === 'UNKNOWN_KEY' && hasExpired(trust.keySet, trust.now)",
        "verdict.code === 'UNKNOWN_KEY'",
      ],
    ]),
    ...inFile('libs/license-token/src/key-set-proof.ts', [
      ['trusts an expired key set that was opened in time', 'hasExpired(keySet, now) ? undefined : ', ''],
      [
        'forgets compromised keys once the key set has expired',
        'if (keySet.compromised.some((one) => one.kid === kid))',
        'if (!hasExpired(keySet, now) && keySet.compromised.some((one) => one.kid === kid))',
      ],
    ]),
    ...inFile('libs/license-token/src/key-set.ts', [
      ['opens an expired key set', "if (hasExpired(keySet, trust.now)) return { refused: 'expired' };", ''],
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
        '!(keySet.iat >= trust.newestSeen)',
        'keySet.iat < trust.newestSeen',
      ],
    ]),
  ],
};
