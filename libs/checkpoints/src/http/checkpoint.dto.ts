import { AuditLogDto } from '@aegis-http/audit';
import { PageDto } from '@aegis/http';
import { ApiProperty } from '@nestjs/swagger';
import { Expose, Transform, Type } from 'class-transformer';
import type { AuditCheckpoint } from '../audit-checkpoint.entity';

interface Source {
  obj: AuditCheckpoint;
}

/** A signed checkpoint. What it says is in `jws`; the other fields show that, and can't be trusted without it. */
export class CheckpointDto {
  /**
   * From 1, without a gap.
   * @example 4711
   */
  @ApiProperty({ type: 'integer' })
  @Expose()
  @Transform(({ obj }: Source) => Number(obj.number))
  number!: number;

  /** Grows by one when the trail was restored into another cluster. */
  @ApiProperty({ type: 'integer' })
  @Expose()
  epoch!: number;

  /** Records that it seals. */
  @ApiProperty({ type: 'integer', nullable: true, example: 1 })
  @Expose()
  @Transform(({ obj }: Source) => obj.claims?.size ?? null)
  size!: number | null;

  /** Root of the Merkle tree over them (RFC 6962), base64url. */
  @ApiProperty({ type: String, nullable: true })
  @Expose()
  @Transform(({ obj }: Source) => obj.claims?.root ?? null)
  root!: string | null;

  /** SHA-256 of the `jws` of the previous checkpoint, base64url; null in the first. */
  @ApiProperty({ type: String, nullable: true })
  @Expose()
  @Transform(({ obj }: Source) => obj.claims?.previous ?? null)
  previous!: string | null;

  /** No later checkpoint seals a record of an earlier time; null until that is known. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  @Expose()
  @Transform(({ obj }: Source) => time(obj.claims?.complete_to))
  complete_to!: Date | null;

  /** When its records were read. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  @Expose()
  @Transform(({ obj }: Source) => time(obj.claims?.iat))
  issued_at!: Date | null;

  /** Key that signed it. */
  @ApiProperty({ type: String, nullable: true })
  @Expose()
  @Transform(({ obj }: Source) => obj.keyId ?? null)
  key_id!: string | null;

  /** The checkpoint: a compact JWS of the `typ` `aegis-checkpoint+jwt`. */
  @Expose()
  jws!: string;
}

export const CheckpointPageDto = PageDto(CheckpointDto, 'checkpoints');

/** A public key as JWK (RFC 8037), and whether it is trusted. Compare `jkt` with a thumbprint that was kept elsewhere. */
export class ProofKeyDto {
  @ApiProperty({ enum: ['OKP'] })
  @Expose()
  kty!: string;

  @ApiProperty({ enum: ['Ed25519'] })
  @Expose()
  crv!: string;

  /** The public key, base64url. */
  @Expose()
  x!: string;

  @Expose()
  kid!: string;

  @ApiProperty({ enum: ['sig'] })
  @Expose()
  use!: string;

  @ApiProperty({ enum: ['EdDSA'] })
  @Expose()
  alg!: string;

  /** SHA-256 thumbprint of the key (RFC 7638). */
  @Expose()
  jkt!: string;

  @ApiProperty({ enum: ['pending', 'active', 'retired', 'compromised'] })
  @Expose()
  state!: string;

  /** Until when signatures of a compromised key still count; null: none counts, or the key is not compromised. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  @Expose()
  compromised_after!: Date | null;
}

/** That a checkpoint seals a record. */
export class InclusionProofDto {
  @ApiProperty({ type: AuditLogDto })
  @Expose()
  @Type(() => AuditLogDto)
  record!: AuditLogDto;

  /**
   * The hashed text of the record, in UTF-8: a JSON array of `"aegis-audit-1"` and its fields as text, without the
   * address.
   */
  @Expose()
  leaf!: string;

  /** Place of the leaf in the tree, from 0. */
  @ApiProperty({ type: 'integer', minimum: 0, example: 0 })
  @Expose()
  index!: number;

  /** Leaves of the tree. */
  @ApiProperty({ type: 'integer', minimum: 1, example: 1 })
  @Expose()
  size!: number;

  /** Audit path (RFC 6962 section 2.1.1), from the leaf's neighbour up: SHA-256 hashes, base64url. */
  @ApiProperty({ type: [String], example: [] })
  @Expose()
  path!: string[];

  @ApiProperty({ type: CheckpointDto })
  @Expose()
  @Type(() => CheckpointDto)
  checkpoint!: CheckpointDto;

  /** The key that the checkpoint names, even if it is compromised; null when it is not on record. */
  @ApiProperty({ type: ProofKeyDto, nullable: true })
  @Expose()
  @Type(() => ProofKeyDto)
  key!: ProofKeyDto | null;
}

function time(seconds: number | null | undefined): Date | null {
  return seconds === null || seconds === undefined ? null : new Date(seconds * 1000);
}
