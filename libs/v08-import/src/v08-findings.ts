import { type Adaptation, type AdaptationCode, LineRefused, type RefusalCode } from '@aegis/license-import';
import type { V08Line, V08Row, V08Table } from './v08-source';

/** What an operator should know of a row that was taken. */
export type NoticeCode = AdaptationCode | 'differs_from_token' | 'differs_from_record' | 'similar_id';

/** A row that was not taken, or was taken with a difference. The message contains no token and no personal value. */
export interface V08Finding {
  table: V08Table;
  /** Of the file, or of the table in the order of ids; from 1. */
  line: number;
  /** The row's id, where it has one that may be shown. */
  id: string | null;
  refused: boolean;
  code: RefusalCode | NoticeCode;
  message: string;
}

/** Called with each finding. */
export type OnV08Finding = (finding: V08Finding) => void;

/** Ids as v0.8 has them: UUIDs, numbers, names of customers. */
export function shownId(id: string | null | undefined): string | null {
  return id !== null && id !== undefined && /^[A-Za-z0-9_-]{1,50}$/.test(id) ? id : null;
}

/** Where a finding is. */
export function placeFields(
  table: V08Table,
  { number: line }: V08Line,
  id: string | null,
): Pick<V08Finding, 'table' | 'line' | 'id'> {
  return { table, line, id };
}

export function refusalFields({
  code,
  message,
}: LineRefused): Pick<V08Finding, 'refused' | 'code' | 'message'> {
  return { refused: true, code, message };
}

export function noticeFields({
  code,
  message,
}: Adaptation): Pick<V08Finding, 'refused' | 'code' | 'message'> {
  return { refused: false, code, message };
}

/** @throws LineRefused when the line can't be read */
export function rowOf(line: V08Line): V08Row {
  if (!('row' in line))
    throw new LineRefused('malformed_line', `The line can't be read: ${line.unreadable}.`);
  return line.row;
}
