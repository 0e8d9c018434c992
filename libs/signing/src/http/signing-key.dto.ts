import { PageDto } from '@aegis/http';
import { ApiProperty } from '@nestjs/swagger';
import { Expose, Type } from 'class-transformer';
import { KEY_COMMANDS, type KeyCommand, STEP_CONDITIONS, type StepCondition } from '../overview/next-steps';
import type { SigningKeyState } from '../ring/signing-key.entity';

/** A command that can be run next, and what it waits for. */
class NextStepDto {
  /** The command of `aegis`, without its arguments. */
  @ApiProperty({ enum: KEY_COMMANDS, example: 'keys activate' })
  @Expose()
  command!: KeyCommand;

  /**
   * The command as it is typed; `<kid>` stands for the id of a new key.
   * @example 'aegis keys activate aegis-2027-11'
   */
  @Expose()
  line!: string;

  /**
   * What is not the case yet; empty where the command can be run now. `key_files`: its key was made, and every server has
   * the file; `servers`: every server that lives can sign with the key; `clients`: clients that keep a key set have one with
   * the key in it (`clients_know_at`); `active_key`: a key signs.
   */
  @ApiProperty({ enum: STEP_CONDITIONS, isArray: true, example: ['servers', 'clients'] })
  @Expose()
  waits_for!: StepCondition[];
}

/** A signing key on record, without anything private. */
export class SigningKeyDto {
  /** @example 'aegis-2026-11' */
  @Expose()
  kid!: string;

  /**
   * SHA-256 thumbprint of the public key (RFC 7638), to compare.
   * @example 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k'
   */
  @Expose()
  thumbprint!: string;

  /**
   * The public key: `x` of its JWK (RFC 8037). Trust it only after you have compared the thumbprint elsewhere.
   * @example '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'
   */
  @Expose()
  public_key!: string;

  /** `pending` is published and does not sign; `active` signs; `retired` verifies; `compromised` is no longer trusted. */
  @ApiProperty({ enum: ['pending', 'active', 'retired', 'compromised'] })
  @Expose()
  state!: SigningKeyState;

  /** When it came into this state. */
  @Expose()
  since!: Date;

  /** When it was put on record. */
  @Expose()
  created_at!: Date;

  @Expose()
  activated_at!: Date | null;

  @Expose()
  retired_at!: Date | null;

  @Expose()
  compromised_at!: Date | null;

  /** Of a compromised key: tokens that were recorded up to then stay valid; null where none does. */
  @Expose()
  compromised_after!: Date | null;

  /** What the server that answers signs with (`SIGNER`); null where it cannot sign with this key. */
  @ApiProperty({ enum: ['pem', 'vault', 'aws-kms', 'pkcs11'], nullable: true, type: String })
  @Expose()
  signer!: string | null;

  /** Licenses whose newest token it signed: those that `GET /api/v1/licenses?key_id=` lists. */
  @ApiProperty({ type: 'integer', minimum: 0 })
  @Expose()
  licenses!: number;

  /** Whether `licenses` is an estimate, as it is beyond 200. */
  @Expose()
  licenses_is_estimate!: boolean;

  /** Servers that have reported within the last 15 seconds. */
  @ApiProperty({ type: 'integer', minimum: 0 })
  @Expose()
  servers_alive!: number;

  /** Those among them that can sign with it. */
  @ApiProperty({ type: 'integer', minimum: 0 })
  @Expose()
  servers_holding!: number;

  /** Each of these servers has reported then or later with which keys it can sign; null where none has. */
  @Expose()
  servers_reported_at!: Date | null;

  /** From then on, clients that keep a key set have one with this key in it, unless it is compromised. */
  @Expose()
  clients_know_at!: Date;

  /** Commands that can be run next, in their order. */
  @ApiProperty({ type: [NextStepDto] })
  @Expose()
  @Type(() => NextStepDto)
  next_steps!: NextStepDto[];
}

/** A page of signing keys. */
export const SigningKeyPageDto = PageDto(SigningKeyDto, 'signing_keys');
