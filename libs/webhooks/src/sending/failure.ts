import { AddressForbidden } from '../addresses/checked-lookup';
import { LookupFailed } from '../addresses/name-resolver';
import type { AttemptError } from './attempt';

/** The receiver's answer is not HTTP, or more than an answer may be. */
export class InvalidAnswer extends Error {
  override readonly name = 'InvalidAnswer';
}

const BY_CODE: Readonly<Record<string, AttemptError>> = {
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'refused',
  ENETUNREACH: 'refused',
  EADDRNOTAVAIL: 'refused',
  EHOSTDOWN: 'refused',
  ENETDOWN: 'refused',
  EACCES: 'refused',
  EPERM: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ECONNABORTED: 'reset',
  ETIMEDOUT: 'timeout',
};

/** Whether a connection ended under a request. */
export function isReset(error: unknown): boolean {
  return BY_CODE[codeOf(error)] === 'reset';
}

/**
 * Why a request got no answer.
 * @param isHandshaking whether its connection was made and TLS was being agreed on
 */
export function attemptError(error: unknown, isHandshaking: boolean): AttemptError {
  if (error instanceof AddressForbidden) return 'address_forbidden';
  if (error instanceof LookupFailed) return 'dns';
  if (error instanceof InvalidAnswer) return 'invalid_answer';
  const code = codeOf(error);
  const known = BY_CODE[code];
  if (known !== undefined) return known;
  if (isHandshaking || /^(?:ERR_TLS|ERR_SSL|EPROTO)/.test(code)) return 'tls';
  return code.startsWith('HPE_') ? 'invalid_answer' : 'other';
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}
