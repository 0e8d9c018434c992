import type { CreateCustomer } from '@aegis/customers';
import { CUSTOMER_ID, MAX_CUSTOMER_NAME_LENGTH } from '@aegis/license-token';
import { InvalidInput, parseJson, parseTimestamp } from '@aegis/web';
import { LineRefused, shownName } from './license-import-refusal';
import type { StoredStatus } from './license.entity';

/** What a line says beyond its token. */
export interface ImportFields {
  token: string;
  status: StoredStatus;
  /** Only of a revoked license; null: by the database's clock. */
  revokedAt: Date | null;
  revokedReason: string | null;
  notes: string | null;
  customer: CreateCustomer | null;
}

/** Members of a line that nobody has looked at. */
export type ImportMembers = Readonly<Record<string, unknown>>;

const FIELDS = ['token', 'status', 'revoked_at', 'revoked_reason', 'notes', 'customer'];
export const MAX_REASON_LENGTH = 500;
export const MAX_NOTES_LENGTH = 2000;
/** Lengths of a customer's details, in characters. */
export const DETAILS = {
  email: 254,
  company: 200,
  phone: 50,
  address: 500,
  notes: MAX_NOTES_LENGTH,
} as const;

/** How the predecessor wrote them, without case. Whether a license has expired is told by its token. */
const STATUSES: Readonly<Record<string, StoredStatus>> = {
  active: 'active',
  expired: 'active',
  suspended: 'suspended',
  revoked: 'revoked',
};

/**
 * Reads a line `{token, status?, revoked_at?, revoked_reason?, notes?, customer?}`; null means absent. What the
 * token says is not looked at.
 * @throws LineRefused with the first rule that is broken
 */
export function readImportLine(text: string): ImportFields {
  return readImportFields(readObject(text));
}

/**
 * The same, of members that came some other way.
 * @throws LineRefused with the first rule that is broken
 */
export function readImportFields(members: ImportMembers): ImportFields {
  assertKnown(members, '', FIELDS);
  const token = optionalText(members, 'token', Infinity);
  if (token === null) throw new LineRefused('invalid_field', 'token is missing.');
  const status = readStatus(members.status);
  const revokedAt = readTimestamp(members.revoked_at);
  const revokedReason = optionalText(members, 'revoked_reason', MAX_REASON_LENGTH);
  // Dropping either in silence could bring a revoked license back to life.
  if (status !== 'revoked' && (revokedAt !== null || revokedReason !== null))
    throw new LineRefused(
      'invalid_field',
      'revoked_at and revoked_reason belong to the status revoked alone.',
    );
  const notes = optionalText(members, 'notes', MAX_NOTES_LENGTH);
  return { token, status, revokedAt, revokedReason, notes, customer: readCustomer(members.customer) };
}

function readObject(text: string): ImportMembers {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    if (!(error instanceof InvalidInput))
      throw new LineRefused('malformed_line', 'This is no JSON, or an object holds a name twice.');
    const fields = error.errors.map(({ field, message }) => `${shownName(field)} ${message}`);
    throw new LineRefused('invalid_field', `${fields.join('; ')}.`);
  }
  if (!isObject(value)) throw new LineRefused('malformed_line', 'A line holds one JSON object.');
  return value;
}

function isObject(value: unknown): value is ImportMembers {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function assertKnown(members: ImportMembers, path: string, known: readonly string[]): void {
  const unknown = Object.keys(members).filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new LineRefused(
      'unknown_field',
      `No field of an import: ${unknown.map((name) => path + shownName(name)).join(', ')}.`,
    );
}

/** An empty text says as little as an absent one. */
function optionalText(members: ImportMembers, name: string, maxLength: number, path = ''): string | null {
  const value = members[name];
  if (value === undefined || value === null || value === '') return null;
  if (typeof value !== 'string') throw new LineRefused('invalid_field', `${path}${name} must be a text.`);
  if (value.length > maxLength && Array.from(value).length > maxLength)
    throw new LineRefused('invalid_field', `${path}${name} must have at most ${maxLength} characters.`);
  return value;
}

function readStatus(value: unknown): StoredStatus {
  if (value === undefined || value === null) return 'active';
  const name = typeof value === 'string' ? value.toLowerCase() : '';
  const status = Object.hasOwn(STATUSES, name) ? STATUSES[name] : undefined;
  if (status === undefined)
    throw new LineRefused('invalid_field', 'status must be active, suspended, expired or revoked.');
  return status;
}

function readTimestamp(value: unknown): Date | null {
  if (value === undefined || value === null) return null;
  const time = typeof value === 'string' ? parseTimestamp(value) : null;
  if (time === null || time.getTime() < 0)
    throw new LineRefused(
      'invalid_field',
      'revoked_at must be an RFC 3339 time with offset, like 2026-02-03T19:12:10Z.',
    );
  return time;
}

/**
 * Reads the customer of a line.
 * @throws LineRefused with the first rule that is broken
 */
export function readCustomer(value: unknown): CreateCustomer | null {
  if (value === undefined || value === null) return null;
  if (!isObject(value)) throw new LineRefused('invalid_field', 'customer must be an object.');
  const path = 'customer.';
  assertKnown(value, path, ['id', 'name', ...Object.keys(DETAILS)]);
  if (typeof value.id !== 'string' || !CUSTOMER_ID.test(value.id))
    throw new LineRefused('invalid_field', 'customer.id must be 1 to 50 of A-Z a-z 0-9 - _.');
  const name = optionalText(value, 'name', MAX_CUSTOMER_NAME_LENGTH, path);
  if (name === null) throw new LineRefused('invalid_field', 'customer.name is missing.');
  const customer: CreateCustomer = { id: value.id, name };
  for (const field of Object.keys(DETAILS) as (keyof typeof DETAILS)[])
    customer[field] = optionalText(value, field, DETAILS[field], path) ?? undefined;
  return customer;
}
