import { ACTIVATION_FINGERPRINT, activationFingerprint } from './activation-fingerprint';

const LICENSE = '0bfb0cef-a864-400f-83d4-e8c6bd41dda5';

describe('activationFingerprint', () => {
  // Expected values come from sha256sum.
  it.each([
    ['machine-1', 'a54fd3af0c303de328a8711015be2498972891210689826f9c2e598d8aeeba56'],
    ['Bücher 株式会社 🚀', '1b0e602e27d7ba08af8020eed8f966852b274824624ab440c8f8b5488a153982'],
  ])('hashes license id and %j', async (fingerprint, digest) => {
    expect(await activationFingerprint(LICENSE, fingerprint)).toBe(digest);
    expect(await activationFingerprint(LICENSE.toUpperCase(), fingerprint)).toBe(digest);
  });

  it('takes the fingerprint byte for byte, and is of one license', async () => {
    const digests = await Promise.all([
      activationFingerprint(LICENSE, 'é'),
      activationFingerprint(LICENSE, 'e\u0301'),
      activationFingerprint(LICENSE, 'É'),
      activationFingerprint(LICENSE, 'é '),
      activationFingerprint('0bfb0cef-a864-400f-83d4-e8c6bd41dda6', 'é'),
    ]);
    expect(new Set(digests).size).toBe(5);
  });
});

describe('ACTIVATION_FINGERPRINT', () => {
  it.each(['a', ' ', 'x'.repeat(255), '🚀'.repeat(255), 'a b', '\u00a0', '10:ff:e0', '株式会社'])(
    'takes %j',
    (text) => {
      expect(text).toMatch(ACTIVATION_FINGERPRINT);
    },
  );

  it.each([
    '',
    'x'.repeat(256),
    '🚀'.repeat(256),
    'a\n',
    'a\0b',
    'a\tb',
    '\x7f',
    '\u0085',
    '\ud800',
    '\u200b',
    '\u202e',
    '\ufeff',
    '\u2028',
  ])('refuses %j', (text) => {
    expect(text).not.toMatch(ACTIVATION_FINGERPRINT);
  });
});
