import { ApiProperty } from '@nestjs/swagger';
import { Expose, Transform } from 'class-transformer';

/** A customer as callers see it. */
export class CustomerDto {
  /**
   * Chosen by the vendor, never reused.
   * @example 'acme'
   */
  @Expose()
  id!: string;

  /** @example 'Acme Corporation' */
  @Expose()
  name!: string;

  /** @example 'licenses@acme.example' */
  @Expose()
  email!: string | null;

  /** @example 'Acme Holding' */
  @Expose()
  company!: string | null;

  /** @example '+1 555 0100' */
  @Expose()
  phone!: string | null;

  /** @example '1 Main Street, Springfield' */
  @Expose()
  address!: string | null;

  /** For the vendor only; never shown to the customer. */
  @Expose()
  notes!: string | null;

  /** Licenses are not issued to an inactive customer, and its licenses do not validate. */
  @Expose()
  is_active!: boolean;

  @Expose()
  created_at!: Date;

  @Expose()
  updated_at!: Date;

  /**
   * When it was made again from the audit trail after a restore: its name is `restored` and its details are unknown until
   * somebody changes its name. Absent otherwise.
   */
  @ApiProperty({ type: String, format: 'date-time', required: false })
  @Expose()
  @Transform(({ value }: { value: Date | null }) => value ?? undefined)
  restored_at?: Date;
}

/** A customer that was just created. */
export class CreatedCustomerDto extends CustomerDto {
  /**
   * Sentences for people: other customers whose ids differ only in upper and lower case. Absent when there are none.
   */
  @ApiProperty({ type: [String], required: false, example: [] })
  @Expose()
  warnings?: string[];
}
