import type { CreateCustomer } from '@aegis/customers';
import {
  CUSTOMER_ID_RULE,
  CUSTOMER_TEXTS,
  LICENSE_TEXTS,
  parseTimestamp,
  timestampProblem,
  TIMESTAMP_RULE,
} from '@aegis/field-rules';
import { InvalidInput } from '@aegis/errors';
import { parseJson } from '@aegis/json';
import { type Adaptation, ImportTexts } from './import-texts';
import { LineRefused, shownName } from './license-import-refusal';
import type { StoredStatus } from '@aegis/licensing';

/** What a line says beyond its token. */
export interface ImportFields {
  token: string;
  status: StoredStatus;
  /** Only of a revoked license; null: by the database's clock. */
  revokedAt: Date | null;
  revokedReason: string | null;
  notes: string | null;
  /** As given: they are read together with the token. */
  seats: unknown;
  customer: CreateCustomer | null;
  /** What was taken differently from the line. */
  adaptations: readonly Adaptation[];
}

/** A customer as it is created, and what was taken differently from the source. */
export interface ImportedCustomer {
  customer: CreateCustomer;
  adaptations: readonly Adaptation[];
}

/**
 * What is done with a text that is too long, and with a customer's blank name: `refuse` where anyone who made the file can
 * correct it, `adapt` where it is a copy of another system.
 */
export type OnMisfit = 'refuse' | 'adapt';

/** Members of a line that nobody has looked at. */
export type ImportMembers = Readonly<Record<string, unknown>>;

const FIELDS = ['token', 'status', 'revoked_at', 'revoked_reason', 'notes', 'seats', 'customer'];
/** Columns of a customer besides its id, name and notes. */
export const DETAILS = ['email', 'company', 'phone', 'address'] as const;

/** How the predecessor wrote them, without case. Its token says whether a license has expired. */
const STATUSES: Readonly<Record<string, StoredStatus>> = {
  active: 'active',
  expired: 'active',
  suspended: 'suspended',
  revoked: 'revoked',
};

/**
 * Reads a line `{token, status?, revoked_at?, revoked_reason?, notes?, seats?, customer?}`; null means absent. What the
 * token says is not looked at.
 * @throws LineRefused with the first rule that is broken
 */
export function readImportLine(text: string): ImportFields {
  return readImportFields(readObject(text), 'refuse');
}

/**
 * The same, of members that came some other way.
 * @throws LineRefused with the first rule that is broken
 */
export function readImportFields(members: ImportMembers, onMisfit: OnMisfit): ImportFields {
  assertKnown(members, '', FIELDS);
  const token = optionalText(members, 'token');
  if (token === null) throw new LineRefused('invalid_field', 'token is missing.');
  const status = readStatus(members.status);
  const revokedAt = readTimestamp(members.revoked_at);
  const texts = new ImportTexts('', LICENSE_TEXTS.notes);
  const readText = textReader(members, '', onMisfit);
  const givenReason = readText('revoked_reason', LICENSE_TEXTS.reason.maxLength);
  // Dropping either in silence could bring a revoked license back to life.
  if (status !== 'revoked' && (revokedAt !== null || givenReason !== null))
    throw new LineRefused(
      'invalid_field',
      'revoked_at and revoked_reason are allowed only with the status revoked.',
    );
  const revokedReason = texts.take('revoked_reason', givenReason, LICENSE_TEXTS.reason);
  const notes = texts.takeNotes(readText('notes', LICENSE_TEXTS.notes.maxLength));
  const taken = readCustomer(members.customer, onMisfit);
  return {
    token,
    status,
    revokedAt,
    revokedReason,
    notes,
    seats: members.seats,
    customer: taken?.customer ?? null,
    adaptations: [...texts.adaptations, ...(taken?.adaptations ?? [])],
  };
}

function readObject(text: string): ImportMembers {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    if (!(error instanceof InvalidInput))
      throw new LineRefused('malformed_line', 'This is not JSON, or an object has a duplicate name.');
    const fields = error.errors.map(({ field, message }) => `${shownName(field)} ${message}`);
    throw new LineRefused('invalid_field', `${fields.join('; ')}.`);
  }
  if (!isObject(value)) throw new LineRefused('malformed_line', 'A line must be one JSON object.');
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
      `Not a field of an import: ${unknown.map((name) => path + shownName(name)).join(', ')}.`,
    );
}

/** Reads texts of an object by their names. */
function textReader(
  members: ImportMembers,
  path: string,
  onMisfit: OnMisfit,
): (name: string, maxLength: number) => string | null {
  return (name, maxLength) => optionalText(members, name, onMisfit === 'refuse' ? maxLength : Infinity, path);
}

/** An empty text says as little as an absent one. */
function optionalText(members: ImportMembers, name: string, maxLength = Infinity, path = ''): string | null {
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
  if (time === null) {
    const problem = (typeof value === 'string' ? timestampProblem(value) : null) ?? TIMESTAMP_RULE;
    throw new LineRefused('invalid_field', `revoked_at ${problem}.`);
  }
  if (time.getTime() < 0)
    throw new LineRefused('invalid_field', 'revoked_at must not be before 1970-01-01T00:00:00Z.');
  return time;
}

/**
 * Reads the customer of a line.
 * @throws LineRefused with the first rule that is broken
 */
export function readCustomer(value: unknown, onMisfit: OnMisfit): ImportedCustomer | null {
  if (value === undefined || value === null) return null;
  if (!isObject(value)) throw new LineRefused('invalid_field', 'customer must be an object.');
  const path = 'customer.';
  assertKnown(value, path, ['id', 'name', ...DETAILS, 'notes']);
  if (typeof value.id !== 'string' || !CUSTOMER_ID_RULE.pattern.test(value.id))
    throw new LineRefused('invalid_field', `customer.id ${CUSTOMER_ID_RULE.rule}.`);
  const texts = new ImportTexts(path, CUSTOMER_TEXTS.notes);
  const readText = textReader(value, path, onMisfit);
  const givenName = readText('name', CUSTOMER_TEXTS.name.maxLength);
  if (givenName === null) throw new LineRefused('invalid_field', 'customer.name is missing.');
  const name = texts.take('name', givenName, CUSTOMER_TEXTS.name);
  if (name === null && onMisfit === 'refuse')
    throw new LineRefused('invalid_field', 'customer.name must contain a visible character.');
  const customer: CreateCustomer = { id: value.id, name: name ?? value.id };
  for (const field of DETAILS) {
    const rule = CUSTOMER_TEXTS[field];
    customer[field] = texts.take(field, readText(field, rule.maxLength), rule) ?? undefined;
  }
  customer.notes = texts.takeNotes(readText('notes', CUSTOMER_TEXTS.notes.maxLength)) ?? undefined;
  return { customer, adaptations: texts.adaptations };
}

/**
 * The customer that a token names, where nothing else is known of it. Its name is signed and stays in the token as it
 * is; on record it keeps the API's rule, and is the id where nothing visible is left.
 */
export function customerOfToken({ id, name }: { id: string; name: string }): ImportedCustomer {
  const texts = new ImportTexts('customer.', CUSTOMER_TEXTS.notes);
  const taken = texts.take('name', name, CUSTOMER_TEXTS.name);
  return { customer: { id, name: taken ?? id }, adaptations: texts.adaptations };
}
