import { sqlState } from '@aegis/database';
import { RecordNotReplayable } from '../restore.errors';

/** Classes of SQLSTATE that say that values are wrong: data exception, integrity constraint violation. */
const WRONG_VALUES = ['22', '23'];

/**
 * Why a record could not be replayed, without values of the record.
 * @returns undefined when the record is not the reason
 */
export function whyNotReplayed(error: unknown): string | undefined {
  if (error instanceof RecordNotReplayable) return error.message;
  const state = sqlState(error);
  if (state === undefined || !WRONG_VALUES.includes(state.slice(0, 2))) return undefined;
  const { constraint } = error as { constraint?: string };
  const rule = typeof constraint === 'string' ? ` ${constraint}` : '';
  return `the database refuses its values (SQLSTATE ${state}${rule})`;
}
