/** Of PBKDF2-HMAC-SHA256 over a passphrase: OWASP's number of 2023. */
export const PASSPHRASE_ITERATIONS = 600_000;
