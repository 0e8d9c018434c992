import type { EventKind } from './event-kind';
import {
  ITS_CUSTOMER,
  type EventFields,
  FLAG,
  given,
  MOMENT,
  optionally,
  orNull,
  TEXT,
  TEXTS,
  WHOLE,
} from './fields';

const CHANGED = given(TEXTS, 'fields', 'Names of the fields that were changed');
const IS_ACTIVE = optionally(
  given(FLAG, 'is_active', 'Whether it is active, where that was given or changed'),
);

const API_KEY_ID = given(TEXT, 'id', 'The API key');
const SCOPES = given(TEXTS, 'scopes', 'What it may do');
const EXPIRES_AT = given(orNull(MOMENT), 'expires_at', 'When it ends; null: never');
const RATE_LIMIT = given(
  orNull(WHOLE),
  'rate_limit_per_minute',
  'Its own limit of requests; null: the default',
);

const KEY_ID = given(TEXT, 'kid', 'The signing key');
const PUBLIC_KEY = given(TEXT, 'public_key', 'Its public half');
const KEY: EventFields = { key_id: KEY_ID, public_key: PUBLIC_KEY };
const KEY_EXAMPLE = { key_id: 'aegis-2026-11', public_key: 'MCowBQYDK2VwAyEA…' };
const REPLACED_BY = optionally(given(TEXT, 'replaced_by', 'The key that signs instead'));

/** Events of customers: never their names, addresses or notes. */
export const CUSTOMER_KINDS = {
  'customer.created': {
    summary: 'A customer was created.',
    fields: { customer_id: ITS_CUSTOMER, changed: CHANGED, is_active: IS_ACTIVE },
    example: { customer_id: 'acme', changed: ['name', 'email'] },
  },
  'customer.updated': {
    summary: 'A customer was changed, deactivated or activated.',
    fields: { customer_id: ITS_CUSTOMER, changed: CHANGED, is_active: IS_ACTIVE },
    example: { customer_id: 'acme', changed: ['is_active'], is_active: false },
  },
  'customer.deleted': {
    summary: 'A customer was removed. Its id stays taken, its licenses are revoked.',
    fields: { customer_id: ITS_CUSTOMER },
    example: { customer_id: 'acme' },
  },
} as const satisfies Readonly<Record<string, EventKind>>;

/** Events of API keys: never their names. */
export const API_KEY_KINDS = {
  'api_key.created': {
    summary: 'An API key was created.',
    fields: {
      api_key_id: API_KEY_ID,
      scopes: SCOPES,
      expires_at: EXPIRES_AT,
      rate_limit_per_minute: RATE_LIMIT,
    },
    example: {
      api_key_id: '5Yx0aBcD9eFg',
      scopes: ['licenses:validate'],
      expires_at: null,
      rate_limit_per_minute: null,
    },
  },
  'api_key.updated': {
    summary: 'An API key was changed; what was not changed is absent.',
    fields: {
      api_key_id: API_KEY_ID,
      changed: CHANGED,
      scopes: optionally(SCOPES),
      is_active: IS_ACTIVE,
      expires_at: optionally(EXPIRES_AT),
      rate_limit_per_minute: optionally(RATE_LIMIT),
    },
    example: { api_key_id: '5Yx0aBcD9eFg', changed: ['is_active'], is_active: false },
  },
  'api_key.rotated': {
    summary: 'An API key got a new secret.',
    fields: {
      api_key_id: API_KEY_ID,
      grace_seconds: given(WHOLE, 'grace_seconds', 'For so long the former secret counts, too'),
    },
    example: { api_key_id: '5Yx0aBcD9eFg', grace_seconds: 3600 },
  },
  'api_key.deleted': {
    summary: 'An API key was deleted.',
    fields: { api_key_id: API_KEY_ID },
    example: { api_key_id: '5Yx0aBcD9eFg' },
  },
} as const satisfies Readonly<Record<string, EventKind>>;

/** Events of signing keys. */
export const SIGNING_KEY_KINDS = {
  'signing_key.adopted': {
    summary: 'The public key of another server was taken over as retired.',
    fields: KEY,
    example: KEY_EXAMPLE,
  },
  'signing_key.published': {
    summary: 'A key is in the key set, and will sign.',
    fields: KEY,
    example: KEY_EXAMPLE,
  },
  'signing_key.activated': {
    summary: 'A key signs from now on.',
    fields: KEY,
    example: KEY_EXAMPLE,
  },
  'signing_key.retired': {
    summary: 'A key no longer signs, and still verifies.',
    fields: { key_id: KEY_ID, replaced_by: REPLACED_BY },
    example: { key_id: 'aegis-2025-11', replaced_by: 'aegis-2026-11' },
  },
  'signing_key.compromised': {
    summary: 'Trust in a key was withdrawn.',
    fields: {
      key_id: KEY_ID,
      after: given(orNull(MOMENT), 'after', 'What it signed from here on does not count; null: nothing does'),
      replaced_by: REPLACED_BY,
    },
    example: { key_id: 'aegis-2025-11', after: null, replaced_by: 'aegis-2026-11' },
  },
} as const satisfies Readonly<Record<string, EventKind>>;

/** Events of the whole database. */
export const DATABASE_KINDS = {
  'database.restored': {
    summary:
      'The database was restored from a backup and reconciled. Events since the backup come again, with the same ids, at later positions; what was not shipped before the loss is in none.',
    fields: {},
    example: {},
  },
} as const satisfies Readonly<Record<string, EventKind>>;
