import type { EntitlementValue } from './claims/entitlements';
import type { Verdict } from './verdict';

/**
 * Reads one entitlement of a verdict. A verdict that is not valid allows nothing, and a name that every object inherits,
 * such as `constructor`, is only there where the license grants it.
 * @param code as the vendor chose it at issue
 * @returns undefined where nothing is granted by that code
 */
export function entitlementOf(
  { valid, entitlements }: Pick<Verdict, 'valid' | 'entitlements'>,
  code: string,
): EntitlementValue | undefined {
  return valid && Object.hasOwn(entitlements, code) ? entitlements[code] : undefined;
}
