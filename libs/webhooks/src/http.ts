export { WebhookDeliveryModule } from './webhook-delivery.module';
export { WebhooksHttpModule } from './webhooks-http.module';
