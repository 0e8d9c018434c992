import type { Environment } from '../environment';

/**
 * How many days before its end notice is given of a license.
 * @returns whole numbers, in falling order
 */
export function expiryNoticeDays(environment: Environment, type: 'subscription' | 'demo'): number[] {
  const { EXPIRY_NOTICE_DAYS, EXPIRY_NOTICE_DAYS_DEMO, EXPIRY_NOTICE_DAYS_SUBSCRIPTION } = environment;
  const own = type === 'demo' ? EXPIRY_NOTICE_DAYS_DEMO : EXPIRY_NOTICE_DAYS_SUBSCRIPTION;
  return (own ?? EXPIRY_NOTICE_DAYS)
    .filter((entry) => entry !== 'none')
    .map(Number)
    .sort((one, other) => other - one);
}
