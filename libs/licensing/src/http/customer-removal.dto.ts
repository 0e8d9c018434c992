import { QueryBoolean } from '@aegis/http';

/** How a customer is removed. */
export class RemoveCustomerDto {
  /** Revokes the licenses that are not revoked yet, in the same transaction; needs `licenses:revoke` too. */
  @QueryBoolean()
  revoke_licenses?: boolean;
}
