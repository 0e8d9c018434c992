import { type ListSource, newestFirst, type PageQuery } from '@aegis/lists';
import { Injectable } from '@nestjs/common';
import { DataSource, type SelectQueryBuilder } from 'typeorm';
import { Customer } from './customer.entity';
import { FIRST_FOUND, FOUND, foundBy } from './customer-search';

/** What a list of customers can be narrowed to. */
export interface CustomerFilters {
  is_active?: boolean;
  /** Beginning of a word of an id, a name, an e-mail address or a company. */
  q?: string;
}

export type ListCustomers = PageQuery & CustomerFilters;

@Injectable()
export class CustomerList {
  constructor(private readonly dataSource: DataSource) {}

  /** The customers that match every filter, newest first. */
  source({ is_active, q }: ListCustomers): ListSource<Customer> {
    const source = {
      rows: this.matching(is_active),
      order: newestFirst<Customer>('customer', 'text'),
      list: { is_active, q },
    };
    if (q === undefined) return source;
    source.rows.andWhere(FOUND, foundBy(q));
    const counted = this.matching(is_active)
      .innerJoin('customer_beginnings', 'found', FIRST_FOUND, foundBy(q))
      .orderBy('found.beginning');
    return { ...source, counted };
  }

  /** Customers that are there, sorted in no way. */
  private matching(is_active: boolean | undefined): SelectQueryBuilder<Customer> {
    const rows = this.dataSource.manager
      .createQueryBuilder(Customer, 'customer')
      .where('customer.deleted_at IS NULL');
    return is_active === undefined ? rows : rows.andWhere('customer.is_active = :is_active', { is_active });
  }
}
