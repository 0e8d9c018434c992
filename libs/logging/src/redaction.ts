import { types } from 'node:util';
import { redactText } from './redact-text';
import { isHiddenField, MASK } from './hidden-fields';
import { redactError } from './redact-error';

const DEPTH_LIMIT = 6;

/** A value as it may be logged: hidden fields masked, texts and errors redacted, depth bounded. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth > DEPTH_LIMIT) return MASK;
  if (types.isNativeError(value) || value instanceof Error)
    return redactError(value, (cause) => redact(cause, depth + 1));
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return MASK;
  if (Array.isArray(value)) return value.map((entry) => redact(entry, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([field, entry]) => [
      field,
      isHiddenField(field) ? MASK : redact(entry, depth + 1),
    ]),
  );
}
