import { type Actor } from '@aegis/audit';
import { type CreateCustomer, CustomersService } from '@aegis/customers';
import { MAX_CUSTOMER_NAME_LENGTH } from '@aegis/license-token';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { DETAILS, readCustomer } from './license-import-fields';
import { LineRefused } from './license-import-refusal';
import type { V08Row } from './v08-source';
import { flagOf, textOf, textWithin } from './v08-values';

/** What became of a customer: made, or on record already, active there or not. */
export interface CustomerOutcome {
  created: boolean;
  active: boolean;
}

/**
 * Reads a row of `customers`.
 * @param cut told the columns that are too long here
 * @throws LineRefused
 */
export function readCustomerRow(row: V08Row, cut: (column: string) => void): CreateCustomer {
  const details = Object.entries(DETAILS).map(([column, length]) => [
    column,
    textWithin(row, column, length, cut),
  ]);
  const customer = readCustomer({
    id: textOf(row, 'id'),
    name: textWithin(row, 'name', MAX_CUSTOMER_NAME_LENGTH, cut),
    ...(Object.fromEntries(details) as Record<string, unknown>),
  });
  if (!customer) throw new LineRefused('malformed_line', 'The row holds no customer.');
  return { ...customer, is_active: flagOf(row, 'is_active') };
}

/** Takes over customers. What is on record stays as it is. */
@Injectable()
export class V08Customers {
  constructor(private readonly customers: CustomersService) {}

  /**
   * @param tx no other import writes while it runs
   * @param inputs with different ids
   * @returns what became of each, in the same order
   */
  async take(
    tx: EntityManager,
    actor: Actor,
    inputs: readonly CreateCustomer[],
  ): Promise<(CustomerOutcome | LineRefused)[]> {
    if (inputs.length === 0) return [];
    const ids = inputs.map(({ id }) => id);
    const before: { id: string }[] = await tx.query('SELECT id FROM customers WHERE id = ANY($1)', [ids]);
    const known = new Set(before.map(({ id }) => id));
    const deleted = await this.customers.shareOrCreate(tx, actor, inputs);
    const after: { id: string; is_active: boolean }[] = await tx.query(
      'SELECT id, is_active FROM customers WHERE id = ANY($1)',
      [ids],
    );
    const active = new Map(after.map(({ id, is_active }) => [id, is_active]));
    return ids.map((id) =>
      deleted.has(id)
        ? new LineRefused('customer_deleted', 'The customer was deleted here: its id is never taken again.')
        : { created: !known.has(id), active: active.get(id) === true },
    );
  }
}
