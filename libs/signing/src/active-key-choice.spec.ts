import { ConfigurationError } from '@aegis/errors';
import { chooseActiveKey, type ActiveKeyQuestion } from './active-key-choice';

const question = (facts: Partial<ActiveKeyQuestion>): ActiveKeyQuestion => ({
  keyId: undefined,
  knownKeys: [],
  privateKids: [],
  publicKids: [],
  production: true,
  month: '2026-11',
  ...facts,
});

describe('the choice of the active key', () => {
  it.each<[string, Partial<ActiveKeyQuestion>, string, boolean]>([
    [
      'KEY_ID before the active key',
      { keyId: 'k2', knownKeys: [{ kid: 'k1', state: 'active' }] },
      'k2',
      false,
    ],
    [
      'KEY_ID though it was retired',
      { keyId: 'k1', knownKeys: [{ kid: 'k1', state: 'retired' }] },
      'k1',
      false,
    ],
    ['KEY_ID that is pending', { keyId: 'k1', knownKeys: [{ kid: 'k1', state: 'pending' }] }, 'k1', false],
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
    ['a fresh one in development', { production: false, publicKids: ['k0'] }, 'aegis-2026-11', true],
    [
      'a fresh one in development after a compromise',
      {
        production: false,
        knownKeys: [{ kid: 'aegis-2026-11', state: 'compromised' }],
        privateKids: ['aegis-2026-11'],
      },
      'aegis-2026-11-2',
      true,
    ],
    ['one named KEY_ID in development', { production: false, keyId: 'k1', publicKids: ['k0'] }, 'k1', true],
  ])('is %s', (_name, facts, kid, toBeMade) => {
    expect(chooseActiveKey(question(facts))).toEqual({ kid, toBeMade });
  });

  it('is a fresh id that no known key and no file bears', () => {
    expect(
      chooseActiveKey(
        question({
          production: false,
          knownKeys: [{ kid: 'aegis-2026-11', state: 'retired' }],
          privateKids: ['aegis-2026-11-2'],
          publicKids: ['aegis-2026-11-3'],
        }),
      ),
    ).toEqual({ kid: 'aegis-2026-11-4', toBeMade: true });
  });

  it.each<[string, Partial<ActiveKeyQuestion>]>([
    ['production', { keyId: 'k1' }],
    [
      'development with other known keys',
      { keyId: 'k1', production: false, knownKeys: [{ kid: 'k0', state: 'active' }] },
    ],
    ['development with other private keys', { keyId: 'k1', production: false, privateKids: ['k0'] }],
    ['development with its public half', { keyId: 'k1', production: false, publicKids: ['k1'] }],
  ])('makes none under a KEY_ID without a file in %s: it may be a typing error', (_name, facts) => {
    expect(chooseActiveKey(question(facts))).toEqual({ kid: 'k1', toBeMade: false });
  });

  it.each<[string, Partial<ActiveKeyQuestion>, RegExp]>([
    ['there is none in production', {}, /aegis keys generate/],
    [
      'none of the known ones is active in production',
      { knownKeys: [{ kid: 'k1', state: 'retired' }], privateKids: ['k1'] },
      /aegis keys generate.*KEY_ID/,
    ],
    ['several private keys could be meant', { privateKids: ['k1', 'k2'] }, /k1, k2.*KEY_ID/],
    [
      'several could be meant in development',
      { privateKids: ['k1', 'k2'], production: false },
      /k1, k2.*KEY_ID/,
    ],
    [
      'KEY_ID names a compromised one',
      { keyId: 'k1', knownKeys: [{ kid: 'k1', state: 'compromised' }] },
      /k1.*compromised/,
    ],
  ])('is refused when %s', (_name, facts, message) => {
    const choose = (): unknown => chooseActiveKey(question(facts));
    expect(choose).toThrow(ConfigurationError);
    expect(choose).toThrow(message);
  });
});
