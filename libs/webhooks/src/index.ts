export { type DisabledReason, WebhookEndpoint } from './endpoints/webhook-endpoint.entity';
export { WebhookDelivery } from './history/webhook-delivery.entity';
export { SealedEndpointKeys } from './keys/sealed-keys';
export { SecretsKeyChecks } from './keys/secrets-key-checks';
export { WebhookKeysModule } from './keys/webhook-keys.module';
export { countOldAnswers, emptyOldAnswers } from './upkeep/old-answers';
export { countOldDeliveries, removeOldDeliveries } from './upkeep/old-deliveries';
export { WebhookNotFound } from './webhooks.errors';
export { WebhooksModule } from './webhooks.module';
