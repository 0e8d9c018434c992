import { Module, type DynamicModule } from '@nestjs/common';
import { Environment } from './environment';

/** Hands the validated Environment to every class that injects it. */
@Module({})
export class ConfigModule {
  static for(environment: Environment): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [{ provide: Environment, useValue: environment }],
      exports: [Environment],
    };
  }
}
