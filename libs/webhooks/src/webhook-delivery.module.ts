import { AuditModule } from '@aegis/audit';
import { EventSequencingModule } from '@aegis/events';
import { JobsModule } from '@aegis/jobs';
import { MetricsModule } from '@aegis/metrics';
import { Module } from '@nestjs/common';
import { AttemptMetrics } from './deliveries/attempt-metrics';
import { DeliveryClaims } from './deliveries/claims';
import { Deliverer } from './deliveries/deliverer';
import { DeliveryAttempts } from './deliveries/delivery-attempts';
import { EndpointDisabling } from './deliveries/disabling';
import { DeliveryOutcomes } from './deliveries/outcomes';
import { WebhookKeyRenewal } from './keys/key-renewal';
import { WebhookKeysModule } from './keys/webhook-keys.module';
import { WebhookSendingModule } from './sending/webhook-sending.module';
import { WebhookGauges } from './upkeep/webhook-gauges';
import { WebhookRetention } from './upkeep/webhook-retention';

/** Sends events to endpoints, and removes what is old; the server loads it. */
@Module({
  imports: [
    AuditModule,
    EventSequencingModule,
    JobsModule,
    MetricsModule,
    WebhookKeysModule,
    WebhookSendingModule,
  ],
  providers: [
    AttemptMetrics,
    Deliverer,
    DeliveryAttempts,
    DeliveryClaims,
    DeliveryOutcomes,
    EndpointDisabling,
    WebhookGauges,
    WebhookKeyRenewal,
    WebhookRetention,
  ],
})
export class WebhookDeliveryModule {}
