import { Length, PageDto, PageQueryDto, QueryBoolean } from '@aegis/http';
import { IsOptional, IsString } from 'class-validator';
import type { ListCustomers } from '../customer-list';
import { CustomerDto } from './customer.dto';

/** Filters of a list of customers; all must match. */
export class ListCustomersDto extends PageQueryDto implements ListCustomers {
  @QueryBoolean()
  is_active?: boolean;

  /** Beginning of a word of an id, a name, an e-mail address or a company, without regard to case and accents. */
  @IsOptional()
  @IsString()
  @Length(1, 200)
  q?: string;
}

export const CustomerPageDto = PageDto(CustomerDto, 'customers');
