import { SeatsOfTokenDto } from '@aegis-http/activations';
import { Opaque } from '@aegis/http';
import { type Entitlements, MAX_GRACE_DAYS, PASTE_REMAINS, type PasteRemain } from '@aegis/license-token';
import type { SigningKeyState } from '@aegis/signing';
import { ApiProperty } from '@nestjs/swagger';
import { Expose, Type } from 'class-transformer';
import type { InspectedToken } from '../validate/token-inspection.service';
import { ENTITLEMENTS } from './entitlements';
import { LicenseWithCustomerDto } from './license.dto';

const KEY_STATES = [
  'pending',
  'active',
  'retired',
  'compromised',
] as const satisfies readonly SigningKeyState[];

/** What the pasted token is, among all that its license has had. */
export class InspectedTokenDto implements InspectedToken {
  /** Kinds of characters that copying had added to the token, and that were removed; empty when there were none. */
  @ApiProperty({ enum: PASTE_REMAINS, enumName: 'PasteRemain', isArray: true })
  @Expose()
  removed!: PasteRemain[];

  /** The key that signed it. */
  @Expose()
  key_id!: string;

  @ApiProperty({ enum: KEY_STATES, enumName: 'SigningKeyState' })
  @Expose()
  key_state!: SigningKeyState;

  /** Number of the token among those of the license, from 1. */
  @Expose()
  revision!: number;

  /** Whether no later token was made for the license. */
  @Expose()
  is_newest!: boolean;

  /** Since when it answers `SUPERSEDED`; null while it does not. */
  @Expose()
  superseded_at!: Date | null;

  /** When it was signed or imported. */
  @Expose()
  recorded_at!: Date;

  /** The end of this token; null for a perpetual license. A later token of the license may have another end. */
  @Expose()
  expires_at!: Date | null;

  /** Days of grace that this token says. */
  @ApiProperty({ type: 'integer', minimum: 0, maximum: MAX_GRACE_DAYS })
  @Expose()
  grace_days!: number;

  /** Entitlements that this token says. */
  @ApiProperty(ENTITLEMENTS)
  @Opaque()
  entitlements!: Entitlements;

  /** What this token says of seats; null where it asks for none. */
  @ApiProperty({ type: SeatsOfTokenDto, nullable: true })
  @Opaque()
  seats!: InspectedToken['seats'];
}

/** A license, found by one of its tokens. */
export class InspectedLicenseDto extends LicenseWithCustomerDto {
  @Expose()
  @Type(() => InspectedTokenDto)
  inspected!: InspectedTokenDto;
}
