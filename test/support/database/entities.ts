import { AuditRecord } from '@aegis/audit';
import { Customer } from '@aegis/customers';
import { BrowserSession } from '@aegis/sessions';
import { SigningKey } from '@aegis/signing';
import { WebhookDelivery, WebhookEndpoint } from '@aegis/webhooks';

/** Every entity of the project. */
export const entities = [AuditRecord, Customer, BrowserSession, SigningKey, WebhookDelivery, WebhookEndpoint];
