import { Environment } from '@aegis/config';
import { MetricsModule } from '@aegis/metrics';
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
import { BoundedThrottlerStorage } from './bounded-throttler-storage';
import { IdentifyGuard } from './identify.guard';
import { InputGuard } from './input.guard';
import { NegotiationGuard } from './negotiation.guard';
import { ProblemFilter } from './problem.filter';
import { RateLimitGuard } from './rate-limit.guard';
import { RateLimiter } from './rate-limiter';
import { ValidationPipe } from './validation.pipe';

const throttling = ThrottlerModule.forRootAsync({
  inject: [Environment],
  useFactory: ({ RATE_LIMIT_DEFAULT }: Environment) => ({
    throttlers: [{ name: 'default', ttl: 60_000, limit: RATE_LIMIT_DEFAULT }],
    storage: new BoundedThrottlerStorage(),
  }),
});

export interface WebOptions {
  /** Modules that export `Identification` and what the access guard needs. */
  imports: NonNullable<ModuleMetadata['imports']>;
  /** Refuses callers who lack the scope: runs after they were counted, before their body is read. */
  accessGuard: Type<CanActivate>;
}

/** Guards, pipe and filter that every route passes, in the order of the contract. */
@Module({})
export class WebModule {
  static for({ imports, accessGuard }: WebOptions): DynamicModule {
    const guards: Provider[] = [IdentifyGuard, RateLimitGuard, accessGuard, NegotiationGuard, InputGuard].map(
      (guard) => ({ provide: APP_GUARD, useClass: guard }),
    );
    return {
      module: WebModule,
      imports: [...imports, DiscoveryModule, MetricsModule, throttling],
      providers: [
        RateLimiter,
        { provide: APP_FILTER, useClass: ProblemFilter },
        ...guards,
        { provide: APP_PIPE, useClass: ValidationPipe },
      ],
    };
  }
}
