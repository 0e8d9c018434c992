import { Environment } from '@aegis/config';
import { Logger } from '@aegis/logging';
import { MetricsModule } from '@aegis/metrics';
import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { poolOptions, postgresOptions } from './connections/connection-options';
import { DiskFullness } from './connections/disk-fullness';
import { PoolLimits } from './connections/pool-limits';
import { PoolMetrics } from './connections/pool-metrics';
import { PoolRenewal } from './connections/pool-renewal';

/** The pool of the application's role. Entities register themselves through their libs' modules. */
@Module({})
export class DatabaseModule {
  /** @param url the application role's URL, already resolved (the embedded one in development) */
  static for(url: string): DynamicModule {
    return {
      module: DatabaseModule,
      global: true,
      providers: [DiskFullness, PoolLimits, PoolMetrics, PoolRenewal],
      exports: [DiskFullness, PoolRenewal],
      imports: [
        MetricsModule,
        TypeOrmModule.forRootAsync({
          inject: [Environment, Logger],
          useFactory: (environment: Environment, logger: Logger) => ({
            ...postgresOptions(url),
            autoLoadEntities: true,
            retryAttempts: 0,
            extra: poolOptions(environment),
            // Without a handler an idle client's error would end the process.
            poolErrorHandler: (error: unknown) => {
              logger.write('warn', 'idle database connection lost', { error });
            },
          }),
        }),
      ],
    };
  }
}
