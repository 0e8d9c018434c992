import { type Actor } from '@aegis/audit';
import { type CreateCustomer, CustomersService, similarIdWarning } from '@aegis/customers';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import {
  DETAILS,
  ImportedCounts,
  type ImportedCustomer,
  LineRefused,
  readCustomer,
} from '@aegis/license-import';
import type { V08Row } from './v08-source';
import { flagOf, textColumn } from './v08-values';

/** What became of a customer: made, or on record already, active there or not. */
export interface CustomerOutcome {
  created: boolean;
  active: boolean;
  /** Says that a customer which was created has an id that differs from another's in case alone; null when not. */
  similarId: string | null;
}

/**
 * Reads a row of `customers`.
 * @throws LineRefused
 */
export function readCustomerRow(row: V08Row): ImportedCustomer {
  const texts = ['id', 'name', ...DETAILS, 'notes'].map(
    (column) => [column, textColumn(row, column)] as const,
  );
  const read = readCustomer(Object.fromEntries(texts), 'adapt');
  if (!read) throw new LineRefused('malformed_line', 'The row has no customer.');
  return { ...read, customer: { ...read.customer, is_active: flagOf(row, 'is_active') } };
}

/** Takes over customers. What is on record stays as it is. */
@Injectable()
export class V08Customers {
  constructor(
    private readonly customers: CustomersService,
    private readonly counts: ImportedCounts,
  ) {}

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
    const { created, deleted } = await this.customers.shareOrCreate(tx, actor, inputs);
    const after: { id: string; is_active: boolean }[] = await tx.query(
      'SELECT id, is_active FROM customers WHERE id = ANY($1)',
      [ids],
    );
    const active = new Map(after.map(({ id, is_active }) => [id, is_active]));
    await this.counts.add(tx, 'v0.8', { customers_created: created.size });
    const similar = new Map(
      (await this.customers.similarIds(tx, [...created])).map((pair) => [pair.id, similarIdWarning(pair)]),
    );
    return ids.map((id) =>
      deleted.has(id)
        ? new LineRefused('customer_deleted', 'The customer was deleted here: its id is never reused.')
        : {
            created: created.has(id),
            active: active.get(id) === true,
            similarId: similar.get(id) ?? null,
          },
    );
  }
}
