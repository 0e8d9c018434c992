import { ApiKeyGuard } from '@aegis-http/api-keys';
import { AuditHttpModule } from '@aegis-http/audit';
import { CheckpointsHttpModule } from '@aegis-http/checkpoints';
import { ActivationRetentionModule } from '@aegis/activations';
import { EventSequencingModule } from '@aegis/events';
import { EventsHttpModule } from '@aegis-http/events';
import { ConfigModule, type Environment } from '@aegis/config';
import { CustomersHttpModule } from '@aegis-http/customers';
import { DatabaseModule } from '@aegis/database';
import { ExpiryNoticesModule } from '@aegis/licensing';
import { LicensingHttpModule } from '@aegis-http/licensing';
import { ReplicasModule } from '@aegis/replicas';
import { SessionsHttpModule } from '@aegis-http/sessions';
import { StatisticsHttpModule } from '@aegis-http/statistics';
import { StatusListsHttpModule } from '@aegis-http/status-lists';
import { type Logger, LoggingModule } from '@aegis/logging';
import { SigningHttpModule } from '@aegis-http/signing';
import { WebhookDeliveryModule, WebhooksHttpModule } from '@aegis-http/webhooks';
import { HttpModule } from '@aegis/http';
import { IdempotencyModule } from '@aegis/idempotency';
import { type DynamicModule, Module } from '@nestjs/common';
import { ConsoleModule } from './console/console.module';
import { DocsModule } from './docs/docs.module';
import { HealthModule } from './health/health.module';
import { InfoModule } from './info/info.module';
import { LifecycleModule } from './lifecycle.module';

/** Everything that the server is made of. */
@Module({})
export class AppModule {
  /** @param databaseUrl under the application's role */
  static for(environment: Environment, logger: Logger, databaseUrl: string): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.for(environment),
        LoggingModule.for(logger),
        DatabaseModule.for(databaseUrl),
        ReplicasModule,
        LifecycleModule,
        HttpModule.for({ imports: [SessionsHttpModule], accessGuard: ApiKeyGuard }),
        IdempotencyModule,
        ActivationRetentionModule,
        EventSequencingModule,
        EventsHttpModule,
        WebhookDeliveryModule,
        AuditHttpModule,
        CheckpointsHttpModule,
        CustomersHttpModule,
        ExpiryNoticesModule,
        LicensingHttpModule,
        StatisticsHttpModule,
        StatusListsHttpModule,
        SigningHttpModule,
        WebhooksHttpModule,
        HealthModule,
        InfoModule,
        DocsModule.for(environment),
        ConsoleModule.for(environment),
      ],
    };
  }
}
