import { CUSTOMER_ID, MODULE_NAME } from '@aegis/license-token';

/** What an id looks like, and the same in words that begin with "must". */
export interface IdRule {
  pattern: RegExp;
  rule: string;
}

/** Of any version and variant, as imported licenses have them (RFC 9562 section 4). */
export const UUID: IdRule = {
  pattern: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  rule: 'must be a UUID',
};

export const CUSTOMER_ID_RULE: IdRule = {
  pattern: CUSTOMER_ID,
  rule: 'must be 1 to 50 of A-Z a-z 0-9 - _',
};

export const MODULE_NAME_RULE: IdRule = {
  pattern: MODULE_NAME,
  rule: 'must be 1 to 100 of A-Z a-z 0-9 _ . -',
};

export const API_KEY_ID_RULE: IdRule = {
  pattern: /^[0-9A-Za-z]{12}$/,
  rule: 'must be 12 of 0-9 A-Z a-z',
};
