/**
 * Rate limits that no test meets. Not RATE_LIMIT_ENABLED=false: answers would lack the headers that the contract
 * declares.
 */
export const WIDE_LIMITS = {
  RATE_LIMIT_DEFAULT: '1000000',
  RATE_LIMIT_PUBLIC: '1000000',
  RATE_LIMIT_VALIDATE: '1000000',
  RATE_LIMIT_LICENSE: '1000000',
  RATE_LIMIT_ADMISSIONS: '1000000',
  RATE_LIMIT_ACTIVATION: '1000000',
  RATE_LIMIT_BATCH_ITEMS: '1000000',
} as const;
