import type { LicenseType } from '@aegis/license-token';
import { type ImportFields, LineRefused, type ProvenLine, readImportFields } from '@aegis/license-import';
import type { LicenseStatus } from '@aegis/licensing';
import type { V08Row } from './v08-source';
import { textColumn, timeColumn } from './v08-values';

/** v0.8 read its clock once for the row and once for the token. */
const ISSUE_TOLERANCE_MS = 60_000;
const EXPIRY_TOLERANCE_MS = 1000;

/**
 * What a row of `licenses` says beyond its token.
 * @throws LineRefused
 */
export function readLicenseRow(row: V08Row): ImportFields {
  // It would count as active, whatever it was in v0.8.
  if (textColumn(row, 'status') === null) throw new LineRefused('invalid_field', 'status is missing.');
  return readImportFields(
    {
      token: textColumn(row, 'token'),
      status: textColumn(row, 'status'),
      revoked_at: timeColumn(row, 'revoked_at')?.toISOString(),
      revoked_reason: textColumn(row, 'revoked_reason'),
      notes: textColumn(row, 'notes'),
    },
    'adapt',
  );
}

/**
 * Makes sure that row and token speak of the same license of the same customer: the row's state is the token's.
 * @throws LineRefused
 */
export function assertSameLicense(row: V08Row, { claims }: ProvenLine): void {
  if (textColumn(row, 'id')?.toLowerCase() !== claims.jti)
    throw new LineRefused('license_mismatch', 'The id of the row differs from its token.');
  if (textColumn(row, 'customer_id') !== claims.customer.id)
    throw new LineRefused('customer_mismatch', 'customer_id differs from the token.');
}

/** How a row differs from its proven token, which is right. */
export interface Differences {
  columns: string[];
  /** A perpetual license whose row has an end that its token lacks: a defect of v0.8, too common to report each. */
  perpetualWithEnd: boolean;
}

export function differencesOf(row: V08Row, { claims, keyId }: ProvenLine): Differences {
  const end = readableTimeOf(row, 'expires_at');
  const perpetualWithEnd = claims.exp === undefined && end !== null && end !== 'unreadable';
  const versions = (textColumn(row, 'allowed_major_versions') ?? '')
    .split(',')
    .map((version) => version.trim());
  const issuedAt = readableTimeOf(row, 'issued_at');
  const differs: Record<string, boolean> = {
    module_name: textColumn(row, 'module_name') !== claims.module.technical_name,
    license_type: typeOf(row) !== claims.license_type,
    allowed_major_versions:
      versions.toSorted().join() !== claims.module.allowed_major_versions.toSorted().join(),
    issued_at:
      issuedAt === 'unreadable' || (issuedAt !== null && apart(issuedAt, claims.iat) > ISSUE_TOLERANCE_MS),
    expires_at:
      end === 'unreadable' ||
      (claims.exp !== undefined && (end === null || apart(end, claims.exp) > EXPIRY_TOLERANCE_MS)),
    instance_fingerprint: textColumn(row, 'instance_fingerprint') !== (claims.instance_fingerprint ?? null),
    key_id: textColumn(row, 'key_id') !== keyId,
  };
  return { columns: Object.keys(differs).filter((column) => differs[column]), perpetualWithEnd };
}

/** The type as v0.8 says, in lower case; undefined when it is unknown. */
export function typeOf(row: V08Row): LicenseType | undefined {
  const name = textColumn(row, 'license_type')?.toLowerCase();
  return name === 'perpetual' || name === 'subscription' || name === 'demo' ? name : undefined;
}

/** The status as v0.8 says, by `now`; undefined when it is unknown. A perpetual license does not expire there either. */
export function statusOf(row: V08Row, now: Date): LicenseStatus | undefined {
  const name = textColumn(row, 'status')?.toLowerCase();
  if (name === 'suspended' || name === 'revoked' || name === 'expired') return name;
  if (name !== 'active') return undefined;
  if (typeOf(row) === 'perpetual') return 'active';
  try {
    const end = timeColumn(row, 'expires_at');
    return end !== null && end <= now ? 'expired' : 'active';
  } catch {
    return 'active';
  }
}

/** What a row says of a time that its token says too, and says rightly, is no reason to refuse the row. */
function readableTimeOf(row: V08Row, column: string): Date | null | 'unreadable' {
  try {
    return timeColumn(row, column);
  } catch (error) {
    if (error instanceof LineRefused) return 'unreadable';
    throw error;
  }
}

function apart(moment: Date, seconds: number): number {
  return Math.abs(moment.getTime() - seconds * 1000);
}
