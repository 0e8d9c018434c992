import { CUSTOMER_ID, KEY_ID, MODULE_NAME, UUID } from '@aegis/license-token';

/** What an id looks like, and the same in words that begin with "must". */
export interface IdRule {
  /** Anchored at both ends, without the flag g. */
  pattern: RegExp;
  rule: string;
  /** As in JSON Schema, where there is a name for it. */
  format?: 'uuid';
}

export const UUID_RULE: IdRule = {
  pattern: UUID,
  rule: 'must be a UUID',
  format: 'uuid',
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

export const SIGNING_KEY_ID_RULE: IdRule = {
  pattern: KEY_ID,
  rule: 'must be 1 to 50 of A-Z a-z 0-9 . _ -, the first one a letter or digit',
};
