import { Module, type DynamicModule } from '@nestjs/common';
import { Logger } from './logger';

/** Hands the process's logger to every class that injects it. */
@Module({})
export class LoggingModule {
  static for(logger: Logger): DynamicModule {
    return {
      module: LoggingModule,
      global: true,
      providers: [{ provide: Logger, useValue: logger }],
      exports: [Logger],
    };
  }
}
