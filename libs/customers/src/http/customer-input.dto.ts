import { Length, MaxLength, MayBeAbsent, Pattern } from '@aegis/web';
import { CUSTOMER_ID, MAX_CUSTOMER_NAME_LENGTH } from '@aegis/license-token';
import { IsBoolean, IsEmail, IsOptional, IsString } from 'class-validator';
import type { CreateCustomer, UpdateCustomer } from '../customers.service';

/** What may be said of a customer besides its name; null empties a field. */
class CustomerDetailsDto {
  /** @example 'licenses@acme.example' */
  @IsOptional()
  @IsEmail()
  @MaxLength(254)
  email?: string | null;

  /** @example 'Acme Holding' */
  @IsOptional()
  @IsString()
  @MaxLength(200)
  company?: string | null;

  /** @example '+1 555 0100' */
  @IsOptional()
  @IsString()
  @MaxLength(50)
  phone?: string | null;

  /** @example '1 Main Street, Springfield' */
  @IsOptional()
  @IsString()
  @MaxLength(500)
  address?: string | null;

  /** The vendor's own; never shown to the customer. */
  @IsOptional()
  @IsString()
  @MaxLength(2000)
  notes?: string | null;

  /** Deactivating stops new licenses, and the existing ones no longer validate. */
  @MayBeAbsent()
  @IsBoolean()
  is_active?: boolean;
}

/** Changes to a customer; what is absent stays. */
export class UpdateCustomerDto extends CustomerDetailsDto implements UpdateCustomer {
  /**
   * 1–200 characters; written into each token of the customer's licenses.
   * @example 'Acme Corporation'
   */
  @MayBeAbsent()
  @IsString()
  @Length(1, MAX_CUSTOMER_NAME_LENGTH)
  name?: string;
}

/** A new customer. */
export class CreateCustomerDto extends CustomerDetailsDto implements CreateCustomer {
  /**
   * Chosen by the vendor, never given twice: 1–50 of A–Z a–z 0–9 - _.
   * @example 'acme'
   */
  @IsString()
  @Pattern(CUSTOMER_ID, 'must be 1 to 50 of A-Z a-z 0-9 - _')
  id!: string;

  /**
   * 1–200 characters; written into each token of the customer's licenses.
   * @example 'Acme Corporation'
   */
  @IsString()
  @Length(1, MAX_CUSTOMER_NAME_LENGTH)
  name!: string;
}
