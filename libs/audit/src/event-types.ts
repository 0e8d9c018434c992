/** Every type of audit record: the resource and what was done to it. Searches accept no other. */
export const EVENT_TYPES = [
  'license.issued',
  'license.imported',
  'license.validated',
  'license.revoked',
  'license.suspended',
  'license.reinstated',
  'license.renewed',
  'license.reissued',
  'license.updated',
  'customer.created',
  'customer.updated',
  'customer.deleted',
  'api_key.created',
  'api_key.updated',
  'api_key.rotated',
  'api_key.deleted',
  'signing_key.adopted',
  'signing_key.published',
  'signing_key.activated',
  'signing_key.retired',
  'signing_key.compromised',
  'audit_log.dropped',
  'audit_log.resumed',
  'audit_log.restored',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];
