import { FreeNames } from '@aegis/http';
import type { ApiPropertyOptions } from '@nestjs/swagger';
import { brokenEntitlementRules, MAX_ENTITLEMENT_TEXT, MAX_ENTITLEMENTS } from '@aegis/license-token';

/** Entitlements in the OpenAPI document, as they come in and as they are answered. */
export const ENTITLEMENTS: ApiPropertyOptions = {
  type: 'object',
  maxProperties: MAX_ENTITLEMENTS,
  additionalProperties: {
    oneOf: [
      { type: 'boolean' },
      { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
      { type: 'string', maxLength: MAX_ENTITLEMENT_TEXT },
    ],
  },
};

/** The entitlements of a new token, with their rules. */
export function EntitlementsField(): PropertyDecorator {
  return FreeNames({ max: MAX_ENTITLEMENTS, schema: ENTITLEMENTS, brokenRules: brokenEntitlementRules });
}
