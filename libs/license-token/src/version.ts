/** The first number, up to as many digits as a license can name; `saas~17.2` is a release between 17 and 18. */
const LEADING_NUMBER = /^(?:saas[~-])?(\d{1,10})(?!\d)/;

/**
 * The number that counts for a license: `17`, `17.0`, `17.0.1.2` and `saas~17.2` all mean `17`.
 * @param odooVersion as an installation reports it
 * @returns the digits, or null when it does not begin with a number
 */
export function majorVersion(odooVersion: string): string | null {
  return LEADING_NUMBER.exec(odooVersion)?.[1] ?? null;
}
