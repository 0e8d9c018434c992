import type { License } from '../license.entity';

/** Entity tag of a license, without quotes: it changes with the row, the customer's, and when the license expires. */
export function licenseTag({ version, customer_version, status }: License): string {
  return `${version}-${customer_version}-${status}`;
}
