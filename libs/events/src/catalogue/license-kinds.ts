import { LICENSE_TYPES } from '@aegis/license-token';
import type { EventKind } from './event-kind';
import {
  always,
  type EventFields,
  given,
  LICENSE,
  MOMENT,
  OBJECT,
  oneOf,
  optionally,
  orNull,
  TEXTS,
  WHOLE,
} from './fields';

const ID = {
  license_id: '4f8a2c1e-7b3d-4e5f-9a6b-1c2d3e4f5a6b',
  customer_id: 'acme',
  module_name: 'inventory',
};
const END = '2027-01-31T00:00:00.000Z';
const GRACE_END = '2027-02-14T00:00:00.000Z';
const STATUSES = oneOf('active', 'suspended', 'revoked');

/** What a token says that a license got. */
const GRANT: EventFields = {
  license_type: given(oneOf(...LICENSE_TYPES), 'license_type', 'The type of the license'),
  allowed_major_versions: given(
    TEXTS,
    'allowed_major_versions',
    'Major versions of the module that it is for',
  ),
  expires_at: given(orNull(MOMENT), 'expires_at', 'When it ends; null: never'),
  grace_days: optionally(given(WHOLE, 'grace_days', 'Days after its end in which it is still valid')),
  entitlements: optionally(given(OBJECT, 'entitlements', 'What it allows beyond running, by code')),
  seats: optionally(given(OBJECT, 'seats', 'How many seats it has')),
};
const GRANT_EXAMPLE = {
  license_type: 'subscription',
  allowed_major_versions: ['17', '18'],
  expires_at: END,
  grace_days: 14,
  entitlements: { reports: true },
};
const CHANGED = given(TEXTS, 'fields', 'Names of the fields that were changed');
const FORMER = given(STATUSES, 'from', 'Its status before');
const EXPIRES_AT = given(MOMENT, 'expires_at', 'When it ends, or ended');

/** Events of licenses. */
export const LICENSE_KINDS = {
  'license.issued': {
    summary: 'A license was issued.',
    fields: { ...LICENSE, status: always('active', 'Its status'), ...GRANT },
    example: { ...ID, status: 'active', ...GRANT_EXAMPLE },
  },
  'license.revoked': {
    summary: 'A license was revoked, permanently.',
    fields: { ...LICENSE, status: always('revoked', 'Its status'), previous_status: optionally(FORMER) },
    example: { ...ID, status: 'revoked', previous_status: 'active' },
  },
  'license.suspended': {
    summary: 'A license was suspended.',
    fields: { ...LICENSE, status: always('suspended', 'Its status'), previous_status: optionally(FORMER) },
    example: { ...ID, status: 'suspended', previous_status: 'active' },
  },
  'license.reinstated': {
    summary: 'A suspended license is active again.',
    fields: { ...LICENSE, status: always('active', 'Its status'), previous_status: optionally(FORMER) },
    example: { ...ID, status: 'active', previous_status: 'suspended' },
  },
  'license.renewed': {
    summary: 'A license got a token with a later end.',
    fields: { ...LICENSE, ...GRANT, changed: optionally(CHANGED) },
    example: { ...ID, ...GRANT_EXAMPLE, changed: ['expires_at'] },
  },
  'license.reissued': {
    summary: 'A license got another token.',
    fields: { ...LICENSE, ...GRANT, changed: optionally(CHANGED) },
    example: { ...ID, ...GRANT_EXAMPLE, changed: ['allowed_major_versions'] },
  },
  'license.updated': {
    summary: 'The notes of a license were changed.',
    fields: { ...LICENSE, changed: CHANGED },
    example: { ...ID, changed: ['notes'] },
  },
  'license.seats_changed': {
    summary: 'The numbers of a license’s seats were changed without a new token.',
    fields: {
      ...LICENSE,
      before: given(OBJECT, 'before', 'All its numbers before'),
      after: given(OBJECT, 'after', 'All its numbers now'),
    },
    example: {
      ...ID,
      before: { mode: 'floating', max: 5, overage: 0 },
      after: { mode: 'floating', max: 10, overage: 0 },
    },
  },
  'license.expiring': {
    summary: 'A license ends in so many days.',
    fields: {
      ...LICENSE,
      expires_at: EXPIRES_AT,
      days: given(WHOLE, 'days', 'The notice that this is: so many days before the end'),
      grace_until: optionally(given(MOMENT, 'grace_until', 'Until when it is still valid after its end')),
    },
    example: { ...ID, expires_at: END, days: 14 },
  },
  'license.in_grace': {
    summary: 'A license has ended, and is still valid for its days of grace.',
    fields: {
      ...LICENSE,
      expires_at: EXPIRES_AT,
      grace_until: given(MOMENT, 'grace_until', 'Until when it is still valid'),
    },
    example: { ...ID, expires_at: END, grace_until: GRACE_END },
  },
  'license.expired': {
    summary: 'A license has ended, with its days of grace if it had any.',
    fields: {
      ...LICENSE,
      expires_at: EXPIRES_AT,
      grace_until: optionally(given(MOMENT, 'grace_until', 'Until when it was still valid')),
    },
    example: { ...ID, expires_at: END },
  },
  'import.finished': {
    summary: 'An import has ended: there is no event of each license and customer that it wrote.',
    fields: {
      source: given(
        oneOf('licenses', 'v0.8'),
        'source',
        'What was imported: a file of licenses, or a server of v0.8',
      ),
      licenses_imported: given(WHOLE, 'licenses_imported', 'Licenses that are new'),
      licenses_revoked: given(WHOLE, 'licenses_revoked', 'Licenses that were here, and that it revoked'),
      licenses_completed: given(
        WHOLE,
        'licenses_completed',
        'Licenses that were here, and got the text of their token',
      ),
      customers_created: given(WHOLE, 'customers_created', 'Customers that are new'),
      audit_records_imported: given(
        WHOLE,
        'audit_records_imported',
        'Records of the trail that it took over',
      ),
    },
    example: {
      source: 'licenses',
      licenses_imported: 1200,
      licenses_revoked: 3,
      licenses_completed: 0,
      customers_created: 80,
      audit_records_imported: 0,
    },
  },
} as const satisfies Readonly<Record<string, EventKind>>;
