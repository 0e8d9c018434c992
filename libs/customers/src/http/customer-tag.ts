import type { Customer } from '../customer.entity';

/** Entity tag of a customer, without quotes. */
export function customerTag({ version }: Customer): string {
  return String(version);
}
