import { AuditRecord } from '@aegis/audit';
import { Customer } from '@aegis/customers';
import { SigningKey } from '@aegis/signing';
import { WebhookDelivery, WebhookEndpoint } from '@aegis/webhooks';

/** Every entity of the project. */
export const entities = [AuditRecord, Customer, SigningKey, WebhookDelivery, WebhookEndpoint];
