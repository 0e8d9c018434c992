import { CUSTOMER_ID_RULE, CUSTOMER_TEXTS } from '@aegis/field-rules';
import { ChangedText, MayBeAbsent, Pattern, ReadableText } from '@aegis/http';
import { IsBoolean, IsOptional, IsString } from 'class-validator';
import type { CreateCustomer, UpdateCustomer } from '../customers.service';

/** Changes to a customer; what is absent stays, null empties a field. */
export class UpdateCustomerDto implements UpdateCustomer {
  /**
   * 1–200 characters; written into each token of the customer's licenses.
   * @example 'Acme Corporation'
   */
  @MayBeAbsent()
  @IsString()
  @ChangedText(CUSTOMER_TEXTS.name)
  name?: string;

  /** @example 'licenses@acme.example' */
  @IsOptional()
  @IsString()
  @ChangedText(CUSTOMER_TEXTS.email)
  email?: string | null;

  /** @example 'Acme Holding' */
  @IsOptional()
  @IsString()
  @ChangedText(CUSTOMER_TEXTS.company)
  company?: string | null;

  /** @example '+1 555 0100' */
  @IsOptional()
  @IsString()
  @ChangedText(CUSTOMER_TEXTS.phone)
  phone?: string | null;

  /** @example '1 Main Street, Springfield' */
  @IsOptional()
  @IsString()
  @ChangedText(CUSTOMER_TEXTS.address)
  address?: string | null;

  /** For the vendor only; never shown to the customer. */
  @IsOptional()
  @IsString()
  @ChangedText(CUSTOMER_TEXTS.notes)
  notes?: string | null;

  /** Deactivating stops new licenses, and the existing ones no longer validate. */
  @MayBeAbsent()
  @IsBoolean()
  is_active?: boolean;
}

/** A new customer. */
export class CreateCustomerDto implements CreateCustomer {
  /**
   * Chosen by the vendor, never reused: 1–50 of A–Z a–z 0–9 - _.
   * @example 'acme'
   */
  @IsString()
  @Pattern(CUSTOMER_ID_RULE.pattern, CUSTOMER_ID_RULE.rule)
  id!: string;

  /**
   * 1–200 characters; written into each token of the customer's licenses.
   * @example 'Acme Corporation'
   */
  @IsString()
  @ReadableText(CUSTOMER_TEXTS.name)
  name!: string;

  /** @example 'licenses@acme.example' */
  @IsOptional()
  @IsString()
  @ReadableText(CUSTOMER_TEXTS.email)
  email?: string | null;

  /** @example 'Acme Holding' */
  @IsOptional()
  @IsString()
  @ReadableText(CUSTOMER_TEXTS.company)
  company?: string | null;

  /** @example '+1 555 0100' */
  @IsOptional()
  @IsString()
  @ReadableText(CUSTOMER_TEXTS.phone)
  phone?: string | null;

  /** @example '1 Main Street, Springfield' */
  @IsOptional()
  @IsString()
  @ReadableText(CUSTOMER_TEXTS.address)
  address?: string | null;

  /** For the vendor only; never shown to the customer. */
  @IsOptional()
  @IsString()
  @ReadableText(CUSTOMER_TEXTS.notes)
  notes?: string | null;

  /** An inactive customer gets no licenses, and its existing licenses do not validate. */
  @MayBeAbsent()
  @IsBoolean()
  is_active?: boolean;
}
