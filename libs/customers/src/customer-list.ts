import { type ListSource, newestFirst, type PageQuery, whereBeginsWith } from '@aegis/lists';
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
    return { rows, order: newestFirst('customer', 'text'), list: { is_active, q } };
  }
}
