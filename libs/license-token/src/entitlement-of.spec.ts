import { entitlementOf } from './entitlement-of';

describe('entitlementOf', () => {
  const entitlements = JSON.parse('{"max_users":5,"off":false,"prototype":"x"}') as Record<string, number>;

  it.each([
    ['max_users', 5],
    ['off', false],
    ['prototype', 'x'],
    ['constructor', undefined],
    ['toString', undefined],
    ['__proto__', undefined],
    ['hasOwnProperty', undefined],
    ['other', undefined],
  ])('reads %s of a valid license', (code, value) => {
    expect(entitlementOf({ valid: true, entitlements }, code)).toBe(value);
  });

  it('grants nothing by a license that is not valid', () => {
    expect(entitlementOf({ valid: false, entitlements }, 'max_users')).toBeUndefined();
  });
});
