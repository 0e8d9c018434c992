import {
  type Entitlements,
  type HeldSeat,
  LICENSE_TYPES,
  type LicenseType,
  SERVER_VERDICT_CODES,
  type Verdict,
  type VerdictCode,
  type Warning,
  WARNINGS,
} from '@aegis/license-token';
import { Opaque } from '@aegis/http';
import { ApiProperty } from '@nestjs/swagger';
import { Expose, Type } from 'class-transformer';
import { ENTITLEMENTS } from './entitlements';

/** A seat that the asking installation holds. */
export class HeldSeatDto implements HeldSeat {
  /** Activation id. */
  @ApiProperty({ type: String, format: 'uuid' })
  @Expose()
  id!: string;

  /** First moment at which it is no longer held, unless a heartbeat comes before; null for a fixed seat. */
  @Expose()
  lease_ends_at!: Date | null;

  /** Admitted beyond the number of seats. */
  @Expose()
  over!: boolean;
}

/** The answer to a validation; 200 whether valid or not. */
export class VerdictDto implements Verdict {
  @Expose()
  valid!: boolean;

  /** The first check that failed, or `VALID`. */
  @ApiProperty({ enum: SERVER_VERDICT_CODES, enumName: 'VerdictCode' })
  @Expose()
  code!: VerdictCode;

  /** A sentence for people; null when valid. */
  @Expose()
  error!: string | null;

  @ApiProperty({ enum: WARNINGS, enumName: 'Warning', isArray: true })
  @Expose()
  warnings!: Warning[];

  /**
   * This field and the following ones: null for the codes up to `KEY_COMPROMISED`, else from the token. A caller with
   * an API key also gets them for `KEY_COMPROMISED`, if the token is on record.
   */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  @Expose()
  license_id!: string | null;

  @ApiProperty({ enum: LICENSE_TYPES, enumName: 'LicenseType', nullable: true })
  @Expose()
  license_type!: LicenseType | null;

  @Expose()
  customer_name!: string | null;

  @Expose()
  expires_at!: Date | null;

  /** What the token allows beyond running, by code; empty where there is nothing, never null. */
  @ApiProperty(ENTITLEMENTS)
  @Opaque()
  entitlements!: Entitlements;

  /** The activation that the request names, while it is live and this installation's; null otherwise. */
  @ApiProperty({ type: HeldSeatDto, nullable: true })
  @Type(() => HeldSeatDto)
  @Expose()
  activation!: HeldSeatDto | null;

  /** The database's time of this answer; never null. */
  @Expose()
  checked_at!: Date;
}

/** Answers in the order of the questions. */
export class VerdictsDto {
  @Expose()
  @Type(() => VerdictDto)
  results!: VerdictDto[];
}

/** An installation's fingerprint. */
export class FingerprintAnswerDto {
  /** `"sha256:" + hex(sha256(db_uuid + ":" + domain))`, byte for byte as given. */
  @Expose()
  fingerprint!: string;

  @Expose()
  db_uuid!: string;

  @Expose()
  domain!: string;

  /**
   * Sentences for people: parts of `domain` that clients never send (a scheme, a slash, a port, upper case, white
   * space). Empty when there are none; the fingerprint is computed in any case.
   * @example []
   */
  @ApiProperty({ type: [String] })
  @Expose()
  warnings!: string[];
}
