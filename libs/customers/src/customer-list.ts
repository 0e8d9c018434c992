import { type ListOrder, type ListSource, type PageQuery, whereBeginsWith } from '@aegis/lists';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Customer } from './customer.entity';

/** What a list of customers can be narrowed to. */
export interface CustomerFilters {
  is_active?: boolean;
  /** Beginning of an id, a name, an e-mail address or a company. */
  q?: string;
}

export type ListCustomers = PageQuery & CustomerFilters;

const NEWEST_FIRST: ListOrder<Customer> = {
  keys: [
    {
      expression: 'customer.created_at',
      kind: 'timestamp',
      type: 'timestamptz',
      of: ({ created_at }) => created_at.toISOString(),
    },
    { expression: 'customer.id', kind: 'text', type: 'text', of: ({ id }) => id },
  ],
  direction: 'DESC',
};

@Injectable()
export class CustomerList {
  constructor(private readonly dataSource: DataSource) {}

  /** The customers that match every filter, newest first. */
  source({ is_active, q }: ListCustomers): ListSource<Customer> {
    const rows = this.dataSource.manager
      .createQueryBuilder(Customer, 'customer')
      .where('customer.deleted_at IS NULL');
    if (is_active !== undefined) rows.andWhere('customer.is_active = :is_active', { is_active });
    if (q !== undefined)
      whereBeginsWith(rows, ['customer.id', 'customer.name', 'customer.email', 'customer.company'], q);
    return { rows, order: NEWEST_FIRST, list: { is_active, q } };
  }
}
