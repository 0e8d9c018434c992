/**
 * Ranges that a token must keep, for the issuer's lint and for the input checks in front of it.
 * Lengths count Unicode characters (code points).
 */

/** Most bytes of a whole token, as issued and as read; a token is ASCII, so characters too. */
export const MAX_TOKEN_BYTES = 8192;

/** Of any version and variant, as imported licenses have them (RFC 9562 section 4). */
export const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export const CUSTOMER_ID = /^[A-Za-z0-9_-]{1,50}$/;
export const MAX_CUSTOMER_NAME_LENGTH = 200;

export const MODULE_NAME = /^[A-Za-z0-9_.-]{1,100}$/;

export const MAJOR_VERSION = /^[0-9]{1,10}$/;
export const MAX_MAJOR_VERSIONS = 50;

export const INSTANCE_FINGERPRINT = /^sha256:[0-9a-f]{64}$/;

/** Days after the end in which a license is still valid. */
export const MAX_GRACE_DAYS = 365;

export const KEY_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$/;
