import { keySetTimes, StatusListKeeper, type TrustedKeys } from '../index';
import { aKey, DAY, jwkOf, k1, keySet, k2, listOf, NOW, root, uriOf } from '../vendor.fixture';

const ISSUED_AT = NOW - DAY;

describe('keySetTimes', () => {
  it('says when a key set was made and when it ends, also of one that has ended', async () => {
    const keys = { keySet: keySet({ exp: NOW - 1 }), root: jwkOf(root) };
    expect(await keySetTimes(keys)).toEqual({ issuedAt: ISSUED_AT, expiresAt: NOW - 1 });
    expect(await keySetTimes({ ...keys, newestSeen: ISSUED_AT })).not.toBeNull();
  });

  it.each([
    ['that another key signed', { keySet: keySet({}, aKey('other')) }],
    ['that cannot be read', { keySet: 'nonsense' }],
    ['that is older than the newest', { newestSeen: ISSUED_AT + 1 }],
  ])('is null for one %s', async (_, different) => {
    expect(await keySetTimes({ keySet: keySet(), root: jwkOf(root), ...different })).toBeNull();
  });

  it('names an option that is wrong', async () => {
    await expect(keySetTimes({ keySet: keySet(), root: 'x' })).rejects.toThrow(/^keys\.root/);
  });
});

describe('a keeper of a status list whose keys are fetched again', () => {
  it('takes a list by the keys of that moment', async () => {
    let keys: TrustedKeys = { keySet: keySet(), root: jwkOf(root) };
    const byK2 = listOf(1, 0, 0, {}, k2);
    const keeper = new StatusListKeeper({
      uri: uriOf(1),
      keys: () => keys,
      fetch: () => Promise.resolve(new Response(byK2)),
      now: () => NOW,
    });
    expect(await keeper.refresh()).toMatchObject({ outcome: 'refused', reason: 'invalid' });
    keys = { keySet: keySet({ keys: [jwkOf(k1), jwkOf(k2)], compromised: [] }), root: jwkOf(root) };
    expect(await keeper.refresh()).toMatchObject({ outcome: 'kept' });
    expect(keeper.statusList).toBe(byK2);
  });
});
