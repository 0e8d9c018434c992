import { type Actor, Caller } from '@aegis/audit';
import { customerTag } from '@aegis-http/customers';
import { type Customer } from '@aegis/customers';
import { CUSTOMER_ID_RULE } from '@aegis/field-rules';
import { type Precondition } from '@aegis/access';
import {
  ApiProblems,
  demandScope,
  Idempotent,
  IfMatch,
  PathId,
  RequireScopes,
  RespondsNothing,
} from '@aegis/http';
import { Controller, Delete, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { CustomerRemovalService } from '../remove/customer-removal.service';
import { RemoveCustomerDto } from './customer-removal.dto';

@ApiTags('Customers')
@Controller('api/v1/customers')
export class CustomerRemovalController {
  constructor(private readonly removal: CustomerRemovalService) {}

  @Delete(':id')
  @RequireScopes('customers:write')
  @ApiOperation({ operationId: 'deleteCustomer', summary: 'Remove a customer and its personal data' })
  @ApiProblems('customer_not_found', 'customer_has_licenses')
  @Idempotent()
  @RespondsNothing('Removed')
  remove(
    @Caller() actor: Actor,
    @PathId(CUSTOMER_ID_RULE) id: string,
    @Query() { revoke_licenses: revokes = false }: RemoveCustomerDto,
    @Req() request: Request,
    @IfMatch(customerTag) precondition: Precondition<Customer>,
  ): Promise<void> {
    if (revokes) demandScope(request, 'licenses:revoke', 'revoke_licenses=true');
    return this.removal.remove(actor, id, revokes, precondition);
  }
}
