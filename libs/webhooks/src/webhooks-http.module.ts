import { AuditModule } from '@aegis/audit';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EndpointTest } from './endpoints/endpoint-test';
import { DeliveryList } from './history/delivery-list';
import { Redelivery } from './history/redelivery';
import { WebhookDelivery } from './history/webhook-delivery.entity';
import { DeliveriesController } from './http/deliveries.controller';
import { WebhookTestController } from './http/webhook-test.controller';
import { WebhooksController } from './http/webhooks.controller';
import { WebhookSendingModule } from './sending/webhook-sending.module';
import { WebhooksModule } from './webhooks.module';

/** Manages webhooks; only the server loads it. */
@Module({
  imports: [AuditModule, TypeOrmModule.forFeature([WebhookDelivery]), WebhooksModule, WebhookSendingModule],
  controllers: [WebhooksController, DeliveriesController, WebhookTestController],
  providers: [DeliveryList, EndpointTest, Redelivery],
})
export class WebhooksHttpModule {}
