import { type Actor, Caller } from '@aegis/audit';
import { CUSTOMER_ID_RULE } from '@aegis/field-rules';
import { type Precondition } from '@aegis/access';
import {
  answerList,
  ApiProblems,
  Creates,
  ETagged,
  Idempotent,
  IfMatch,
  IfNoneMatch,
  PathId,
  RequireScopes,
  Responds,
} from '@aegis/http';
import { STREAM_TYPES } from '@aegis/lists';
import { Body, Controller, Get, Patch, Post, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { CustomerList } from '../customer-list';
import type { Customer } from '../customer.entity';
import { type CreatedCustomer, CustomersService } from '../customers.service';
import { CreateCustomerDto, UpdateCustomerDto } from './customer-input.dto';
import { CustomerPageDto, ListCustomersDto } from './customer-list.dto';
import { CreatedCustomerDto, CustomerDto } from './customer.dto';
import { customerTag } from './customer-tag';

@ApiTags('Customers')
@Controller('api/v1/customers')
export class CustomersController {
  constructor(
    private readonly customers: CustomersService,
    private readonly list: CustomerList,
  ) {}

  @Post()
  @RequireScopes('customers:write')
  @ApiOperation({ operationId: 'createCustomer', summary: 'Create a customer' })
  @ApiProblems('customer_exists')
  @Idempotent<CreatedCustomer>({ customerOf: ({ id }) => id })
  @Creates(({ id }: CreatedCustomer) => `/api/v1/customers/${id}`)
  @ETagged(customerTag)
  @Responds(CreatedCustomerDto, { status: 201, description: 'Created' })
  create(@Caller() actor: Actor, @Body() input: CreateCustomerDto): Promise<CreatedCustomer> {
    return this.customers.create(actor, input);
  }

  @Get()
  @RequireScopes('customers:read')
  @ApiOperation({ operationId: 'listCustomers', summary: 'List customers, newest first' })
  @Responds(CustomerPageDto, { alsoOffers: STREAM_TYPES })
  page(@Query() query: ListCustomersDto, @Req() request: Request): Promise<object> {
    return answerList(request, 'customers', query, this.list.source(query), CustomerDto);
  }

  @Get(':id')
  @RequireScopes('customers:read')
  @ApiOperation({ operationId: 'getCustomer', summary: 'Read a customer' })
  @ApiProblems('customer_not_found')
  @IfNoneMatch()
  @ETagged(customerTag)
  @Responds(CustomerDto)
  find(@PathId(CUSTOMER_ID_RULE) id: string): Promise<Customer> {
    return this.customers.find(id);
  }

  @Patch(':id')
  @RequireScopes('customers:write')
  @ApiOperation({ operationId: 'updateCustomer', summary: 'Change fields of a customer; null empties one' })
  @ApiProblems('customer_not_found')
  @ETagged(customerTag)
  @Responds(CustomerDto)
  update(
    @Caller() actor: Actor,
    @PathId(CUSTOMER_ID_RULE) id: string,
    @Body() input: UpdateCustomerDto,
    @IfMatch(customerTag) precondition: Precondition<Customer>,
  ): Promise<Customer> {
    return this.customers.update(actor, id, input, precondition);
  }
}
