import type { Schemas } from '../api/client';

export const STATUSES = [
  'active',
  'suspended',
  'expired',
  'revoked',
] as const satisfies Schemas['LicenseStatus'][];
export const TYPES = ['subscription', 'demo', 'perpetual'] as const satisfies Schemas['LicenseType'][];
export const ORDERS = ['-created_at', 'created_at', 'expires_at', '-expires_at'] as const;
