import { Environment } from '@aegis/config';
import { Logger } from '@aegis/logging';
import { Metrics, MetricsModule } from '@aegis/metrics';
import {
  Module,
  type CanActivate,
  type DynamicModule,
  type ModuleMetadata,
  type Provider,
  type Type,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE, DiscoveryModule } from '@nestjs/core';
import { ThrottlerModule } from '@nestjs/throttler';
import { IdentifyGuard } from './callers/identify.guard';
import { InputGuard } from './input/input.guard';
import { LateBodyGuard } from './edge/late-body.guard';
import { HeldRequests } from './limits/held-requests';
import { NegotiationGuard } from './answers/negotiation.guard';
import { ProblemFilter } from './problems/problem.filter';
import { LicenseLimitGuard } from './limits/license-limit.guard';
import { RateLimitGuard } from './limits/rate-limit.guard';
import { RateLimiter } from './limits/rate-limiter';
import { throttlerStorage } from '@aegis/rate-limits';
import { ValidationPipe } from './input/validation.pipe';

const throttling = ThrottlerModule.forRootAsync({
  imports: [MetricsModule],
  inject: [Environment, Logger, Metrics],
  useFactory: async (environment: Environment, logger: Logger, metrics: Metrics) => ({
    throttlers: [{ name: 'default', ttl: 60_000, limit: environment.RATE_LIMIT_DEFAULT }],
    storage: await throttlerStorage(environment, logger, metrics),
  }),
});

export interface HttpOptions {
  /** Modules that export `Identification` and what the access guard needs. */
  imports: NonNullable<ModuleMetadata['imports']>;
  /** Refuses callers who lack the scope: runs after they were counted, before their body is read. */
  accessGuard: Type<CanActivate>;
}

/** Guards, pipe and filter that every route passes, in the order of the contract. */
@Module({})
export class HttpModule {
  static for({ imports, accessGuard }: HttpOptions): DynamicModule {
    const guards: Provider[] = [
      IdentifyGuard,
      RateLimitGuard,
      accessGuard,
      NegotiationGuard,
      InputGuard,
      LateBodyGuard,
      LicenseLimitGuard,
    ].map((guard) => ({ provide: APP_GUARD, useClass: guard }));
    return {
      module: HttpModule,
      // They serve controllers too, wherever they are.
      global: true,
      imports: [...imports, DiscoveryModule, MetricsModule, throttling],
      providers: [
        HeldRequests,
        RateLimiter,
        { provide: APP_FILTER, useClass: ProblemFilter },
        ...guards,
        { provide: APP_PIPE, useClass: ValidationPipe },
      ],
      exports: [HeldRequests, RateLimiter],
    };
  }
}
