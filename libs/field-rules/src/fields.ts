import { MAX_CUSTOMER_NAME_LENGTH } from '@aegis/license-token';
import { normalText, textProblem, type TextRule } from './texts';

function line(maxLength: number): TextRule {
  return { minLength: 1, maxLength };
}

function lines(maxLength: number): TextRule {
  return { minLength: 1, maxLength, lineBreaks: true };
}

/** Texts of a customer, by field. */
export const CUSTOMER_TEXTS = {
  name: line(MAX_CUSTOMER_NAME_LENGTH),
  email: { minLength: 1, maxLength: 254, email: true },
  company: line(200),
  phone: line(50),
  address: line(500),
  notes: lines(2000),
} as const satisfies Record<string, TextRule>;

/** Texts of a license, by field; `reason` is that of a revocation or suspension. */
export const LICENSE_TEXTS = {
  notes: lines(2000),
  reason: line(500),
} as const satisfies Record<string, TextRule>;

/** Texts of an activation, by field; `reason` is that of its end by the vendor. */
export const ACTIVATION_TEXTS = {
  name: line(200),
  reason: line(500),
} as const satisfies Record<string, TextRule>;

/** Texts of an API key, by field. */
export const API_KEY_TEXTS = {
  name: line(100),
  description: line(500),
} as const satisfies Record<string, TextRule>;

/** Texts of a webhook, by field. */
export const WEBHOOK_TEXTS = {
  description: line(500),
} as const satisfies Record<string, TextRule>;

/** A field whose new value breaks its rule. */
export interface BrokenField {
  field: string;
  message: string;
}

/**
 * Checks the texts that a change would store. A stored text is not checked, even if it breaks a later rule: a client
 * may read a record, change one field and send all of it back.
 * @param rules by field
 * @param given what will be stored, in its normal form; null and undefined are not checked
 * @param stored the record before the change
 */
export function brokenTexts(
  rules: Readonly<Record<string, TextRule>>,
  given: object,
  stored: object,
): BrokenField[] {
  return Object.entries(rules).flatMap(([field, rule]) => {
    const text = (given as Readonly<Record<string, unknown>>)[field];
    const before = (stored as Readonly<Record<string, unknown>>)[field];
    if (typeof text !== 'string' || (typeof before === 'string' && normalText(before) === normalText(text)))
      return [];
    const message = textProblem(text, rule);
    return message === null ? [] : [{ field, message }];
  });
}
