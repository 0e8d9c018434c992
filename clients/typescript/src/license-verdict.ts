import type {
  ClockTrust,
  Entitlements,
  HeldSeat,
  LicenseType,
  OfflineVerdict,
  Revocation,
  VerdictCode,
  Warning,
} from '@aegis/license-token';
import { TimeTexts } from './time-texts';

/** The answer, as `POST /api/v1/licenses/validate` gives it, and what only an offline verdict has. Plain JSON. */
export interface LicenseVerdict {
  valid: boolean;
  /** The first check that fails names it; `VALID` where none does. */
  code: VerdictCode;
  /** A sentence for people; null when valid. Its words may change. */
  error: string | null;
  warnings: Warning[];
  /** From here to `entitlements`: of the token, once it is proven; null and empty before. */
  license_id: string | null;
  license_type: LicenseType | null;
  customer_name: string | null;
  /** RFC 3339 in UTC; null also when the license is perpetual. */
  expires_at: string | null;
  /** What the license allows beyond running. Read it with `entitlementOf`. */
  entitlements: Entitlements;
  /** The seat that was shown, while it is live and this installation's; null otherwise. */
  activation: { id: string; lease_ends_at: string | null; over: boolean } | null;
  /** RFC 3339 in UTC: `now`. */
  checked_at: string;
  /** How much is known of a revocation: by a fresh status list; by an older one, or by leave of an offline file; nothing. */
  revocation: Revocation;
  /** Whether the local clock is known to have moved forward only. */
  clock: ClockTrust;
}

/** Of what changes with the license, and with the moment. */
const [ends, checks] = [new TimeTexts(), new TimeTexts()];

/** The verdict as JSON has it: times as texts. */
export function asJson(verdict: OfflineVerdict): LicenseVerdict {
  const { activation } = verdict;
  // Each member by its name: a copy of the rest takes as long as all that is judged.
  return {
    valid: verdict.valid,
    code: verdict.code,
    error: verdict.error,
    warnings: verdict.warnings,
    license_id: verdict.license_id,
    license_type: verdict.license_type,
    customer_name: verdict.customer_name,
    expires_at: verdict.expires_at && ends.of(verdict.expires_at),
    entitlements: verdict.entitlements,
    activation: activation && shownSeat(activation),
    checked_at: checks.of(verdict.checked_at),
    revocation: verdict.revocation,
    clock: verdict.clock,
  };
}

function shownSeat({ id, lease_ends_at, over }: HeldSeat): LicenseVerdict['activation'] {
  return { id, lease_ends_at: lease_ends_at?.toISOString() ?? null, over };
}
