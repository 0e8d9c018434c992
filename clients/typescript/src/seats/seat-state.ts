import { parseToken } from '@aegis/license-token';
import { isMembers } from '../option-checks';
import { type LicenseTrust, provenClaims } from '../proven-license';
import { isActivationId } from './seat-server';

/** What an installation keeps of its seat, so that it holds the same one after a restart. Plain JSON. */
export interface SeatState {
  /** The newest that the server gave. */
  license_token: string;
  /** Null: it holds none. */
  activation: { id: string; token: string | null } | null;
}

/** Where a program keeps it: a file that is replaced as a whole (`jsonFile` of `@aegis/client/node`), a row. */
export interface SeatStorage {
  /** What was saved last; null where nothing was. */
  load(): unknown;
  save(state: SeatState): unknown;
}

/**
 * Reads what a storage kept. It may be of another license, or older than the token that the program was given since.
 * @param given the license token that the program has
 * @returns the newer token of both, and the activation where it is of this license
 */
export async function readSeatState(kept: unknown, given: string, trust: LicenseTrust): Promise<SeatState> {
  const nothing = { license_token: given, activation: null };
  if (!isMembers(kept) || typeof kept.license_token !== 'string') return nothing;
  const [before, now] = [claimsOf(kept.license_token), claimsOf(given)];
  if (before === null || before.jti !== now?.jti) return nothing;
  const { activation } = kept;
  const { id, token } = isMembers(activation) ? activation : {};
  const isNewer = (before.rev ?? 0) > (now.rev ?? 0) && (await isProven(kept.license_token, trust));
  return {
    license_token: isNewer ? kept.license_token : given,
    activation: isActivationId(id) ? { id, token: typeof token === 'string' ? token : null } : null,
  };
}

/**
 * The license token that an answer brings, where it is another one of the same license, no older, and signed by a trusted
 * key: nothing that stands between may take the license away.
 * @returns null where the one before stays
 */
export async function newerLicense(
  brought: unknown,
  before: string,
  trust: LicenseTrust,
): Promise<string | null> {
  if (typeof brought !== 'string' || brought === before) return null;
  const [next, now] = [claimsOf(brought), claimsOf(before)];
  if (next === null || next.jti !== now?.jti || (next.rev ?? 0) < (now.rev ?? 0)) return null;
  return (await isProven(brought, trust)) ? brought : null;
}

/** A platform without Ed25519, and a function for keys that fails, prove nothing. */
async function isProven(token: string, trust: LicenseTrust): Promise<boolean> {
  try {
    return (await provenClaims(token, trust)) !== null;
  } catch {
    return false;
  }
}

/** Whether a license counts its installations. */
export function countsSeats(token: string): boolean {
  return claimsOf(token)?.seats !== undefined;
}

/** What a token says, unverified: the server verifies it, and `verifyLicense` does. */
function claimsOf(token: string): { jti: string; rev?: number; seats?: unknown } | null {
  const parsed = parseToken(token);
  return 'malformed' in parsed ? null : parsed.claims;
}
