import { parseTimestamp } from '@aegis/field-rules';
import { LineRefused } from '@aegis/license-import';
import type { V08Row } from './v08-source';

/** ISO, as PostgreSQL writes a timestamp without zone; v0.8 meant UTC. */
const TIMESTAMP = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(\.\d{1,6})?$/;

/** A column as text; null where it is NULL, empty or missing. */
export function textColumn(row: V08Row, column: string): string | null {
  const text = row.get(column) ?? '';
  return text === '' ? null : text;
}

/** @throws LineRefused */
export function timeColumn(row: V08Row, column: string): Date | null {
  const text = textColumn(row, column);
  if (text === null) return null;
  const [, day, time, fraction = ''] = TIMESTAMP.exec(text) ?? [];
  const moment = parseTimestamp(day === undefined ? text : `${day}T${time ?? ''}${fraction.slice(0, 4)}Z`);
  if (moment === null)
    throw new LineRefused(
      'invalid_field',
      `${column} must be a time like 2026-01-31 12:00:00; one without zone is UTC.`,
    );
  return moment;
}

/** @throws LineRefused */
export function flagOf(row: V08Row, column: string): boolean {
  const text = textColumn(row, column)?.toLowerCase();
  if (text === 't' || text === 'true') return true;
  if (text === undefined || text === 'f' || text === 'false') return false;
  throw new LineRefused('invalid_field', `${column} must be t or f.`);
}
