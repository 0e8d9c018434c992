import { AuditModule } from '@aegis/audit';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EndpointList } from './endpoints/endpoint-list';
import { EndpointRotation } from './endpoints/endpoint-rotation';
import { WebhookEndpoint } from './endpoints/webhook-endpoint.entity';
import { WebhookEndpoints } from './endpoints/webhook-endpoints';
import { WebhookKeysModule } from './keys/webhook-keys.module';

/** Endpoints that events are sent to. */
@Module({
  imports: [TypeOrmModule.forFeature([WebhookEndpoint]), AuditModule, WebhookKeysModule],
  providers: [EndpointList, EndpointRotation, WebhookEndpoints],
  exports: [EndpointList, EndpointRotation, WebhookEndpoints, WebhookKeysModule],
})
export class WebhooksModule {}
