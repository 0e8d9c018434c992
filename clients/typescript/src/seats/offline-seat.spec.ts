import { parseOfflineRequest } from '@aegis/license-token';
import { offlineSeatRequest, readOfflineSeatFile, verifyLicense } from '../index';
import {
  activation,
  DAY,
  FINGERPRINT,
  jwkOf,
  keySet,
  license,
  LICENSE_ID,
  listOf,
  NOW,
  options,
  root,
} from '../vendor.fixture';

const SEATED = license({ seats: { mode: 'fixed', required: true } });

describe('a seat of a machine without a network', () => {
  it('is asked for by a code, and held by the file that answers it', async () => {
    const { request, nonce } = await offlineSeatRequest(` ${SEATED}\n`, FINGERPRINT, NOW);
    expect(parseOfflineRequest(request)).toMatchObject({
      license_id: LICENSE_ID,
      nonce,
      requested_at: new Date(NOW * 1000),
    });
    const text = JSON.stringify({
      format: 'aegis-offline-activation/1',
      license_token: SEATED,
      activation_token: await activation({ nonce }),
      key_set: keySet(),
      status_lists: [listOf(2, 0), listOf(1, 0)],
    });
    const file = readOfflineSeatFile(text, { fingerprint: FINGERPRINT, nonce })!;
    const { token, statusList, activation: shown } = file;
    const judged = (now: number): Promise<unknown> =>
      verifyLicense(
        token,
        options({ keys: { keySet: file.keySet!, root: jwkOf(root) }, statusList, activation: shown, now }),
      );
    expect(await judged(NOW)).toMatchObject({ code: 'VALID', revocation: 'fresh' });
    expect(await judged(NOW + 29 * DAY)).toMatchObject({ code: 'VALID', revocation: 'stale' });
    const other = readOfflineSeatFile(text, { fingerprint: FINGERPRINT, nonce: '0'.repeat(16) })!;
    expect((await verifyLicense(token, options({ activation: other.activation }))).code).toBe(
      'ACTIVATION_MISMATCH',
    );
  });

  it.each(['', 'nonsense', '{}', '[]'])('is not in the file %j', (text) => {
    expect(readOfflineSeatFile(text, { fingerprint: 'x', nonce: 'y' })).toBeNull();
  });

  it('is asked for with a license only', async () => {
    await expect(offlineSeatRequest('nonsense', 'x')).rejects.toThrow(TypeError);
    await expect(offlineSeatRequest(SEATED, 5 as never)).rejects.toThrow(/fingerprint/);
  });
});
