import { ConfigurationError } from '@aegis/errors';
import { chooseActiveKey, type ActiveKeyQuestion } from './active-key-choice';

const question = (facts: Partial<ActiveKeyQuestion>): ActiveKeyQuestion => ({
  keyId: undefined,
  knownKeys: [],
  privateKids: [],
  publicKids: [],
  mayMake: false,
  month: '2026-11',
  ...facts,
});

describe('the choice of the active key', () => {
  it.each<[string, Partial<ActiveKeyQuestion>, string, boolean]>([
    [
      'KEY_ID where none is active, though it was retired',
      { keyId: 'k1', knownKeys: [{ kid: 'k1', state: 'retired' }] },
      'k1',
      false,
    ],
    [
      'KEY_ID that is pending, where none is active',
      { keyId: 'k1', knownKeys: [{ kid: 'k1', state: 'pending' }] },
      'k1',
      false,
    ],
    [
      'KEY_ID after a compromise',
      {
        keyId: 'k2',
        knownKeys: [
          { kid: 'k1', state: 'compromised' },
          { kid: 'k2', state: 'retired' },
        ],
        privateKids: ['k2'],
      },
      'k2',
      false,
    ],
    [
      'the active key of the database',
      { knownKeys: [{ kid: 'k1', state: 'active' }], privateKids: ['k2'] },
      'k1',
      false,
    ],
    [
      'the only private key on an empty database',
      { privateKids: ['k1'], publicKids: ['k0', 'k1'] },
      'k1',
      false,
    ],
    ['a fresh one in development', { mayMake: true, publicKids: ['k0'] }, 'aegis-2026-11', true],
    [
      'a fresh one in development after a compromise',
      {
        mayMake: true,
        knownKeys: [{ kid: 'aegis-2026-11', state: 'compromised' }],
        privateKids: ['aegis-2026-11'],
      },
      'aegis-2026-11-2',
      true,
    ],
    ['one named KEY_ID in development', { mayMake: true, keyId: 'k1', publicKids: ['k0'] }, 'k1', true],
  ])('is %s', (_name, facts, kid, toBeMade) => {
    expect(chooseActiveKey(question(facts))).toEqual({ kid, toBeMade, warning: null });
  });

  it.each(['pending', 'retired', 'compromised', undefined] as const)(
    'is the active key of the database before a KEY_ID that is %s there, with a warning',
    (state) => {
      const knownKeys: ActiveKeyQuestion['knownKeys'] = [
        { kid: 'k2', state: 'active' },
        ...(state ? [{ kid: 'k1', state }] : []),
      ];
      expect(chooseActiveKey(question({ keyId: 'k1', knownKeys, privateKids: ['k1'] }))).toEqual({
        kid: 'k2',
        toBeMade: false,
        warning: expect.stringMatching(/KEY_ID names k1.*k2 is the active.*aegis keys activate/),
      });
    },
  );

  it.each([undefined, 'k1'])(
    'is null after a compromise, whether KEY_ID is %s: validation continues',
    (keyId) => {
      const knownKeys = [
        { kid: 'k1', state: 'compromised' },
        { kid: 'k0', state: 'retired' },
      ] as const;
      expect(chooseActiveKey(question({ keyId, knownKeys, privateKids: ['k0', 'k1'] }))).toEqual({
        kid: null,
        toBeMade: false,
        warning: expect.stringMatching(/no signing key is active.*aegis keys activate/),
      });
    },
  );

  it.each([false, true])(
    'is null after a compromise when KEY_ID names a key that is not held, mayMake %s: a restart must not end validation',
    (mayMake) => {
      const knownKeys = [
        { kid: 'k1', state: 'compromised' },
        { kid: 'k0', state: 'retired' },
      ] as const;
      expect(
        chooseActiveKey(
          question({ keyId: 'k0', knownKeys, privateKids: ['k1'], publicKids: ['k0'], mayMake }),
        ),
      ).toEqual({
        kid: null,
        toBeMade: false,
        warning: expect.stringMatching(/no signing key is active.*aegis keys activate.*KEY_ID names k0/),
      });
    },
  );

  it('is a new id that no known key and no file has', () => {
    expect(
      chooseActiveKey(
        question({
          mayMake: true,
          knownKeys: [{ kid: 'aegis-2026-11', state: 'retired' }],
          privateKids: ['aegis-2026-11-2'],
          publicKids: ['aegis-2026-11-3'],
        }),
      ),
    ).toEqual({ kid: 'aegis-2026-11-4', toBeMade: true, warning: null });
  });

  it.each<[string, Partial<ActiveKeyQuestion>]>([
    ['production', { keyId: 'k1' }],
    [
      'development with other known keys',
      { keyId: 'k1', mayMake: true, knownKeys: [{ kid: 'k0', state: 'retired' }] },
    ],
    ['development with other private keys', { keyId: 'k1', mayMake: true, privateKids: ['k0'] }],
    ['development with its public half', { keyId: 'k1', mayMake: true, publicKids: ['k1'] }],
  ])('makes no key for a KEY_ID without a file in %s: it may be a typing error', (_name, facts) => {
    expect(chooseActiveKey(question(facts))).toEqual({ kid: 'k1', toBeMade: false, warning: null });
  });

  it.each<[string, Partial<ActiveKeyQuestion>, RegExp]>([
    ['there is none in production', {}, /aegis keys generate/],
    [
      'none of the known ones is active in production',
      { knownKeys: [{ kid: 'k1', state: 'retired' }], privateKids: ['k1'] },
      /aegis keys generate.*KEY_ID/,
    ],
    ['several private keys could be meant', { privateKids: ['k1', 'k2'] }, /k1, k2.*KEY_ID/],
    ['several could be meant in development', { privateKids: ['k1', 'k2'], mayMake: true }, /k1, k2.*KEY_ID/],
  ])('is refused when %s', (_name, facts, message) => {
    const choose = (): unknown => chooseActiveKey(question(facts));
    expect(choose).toThrow(ConfigurationError);
    expect(choose).toThrow(message);
  });
});
