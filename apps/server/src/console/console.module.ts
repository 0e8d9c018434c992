import type { Environment } from '@aegis/config';
import { type DynamicModule, Module } from '@nestjs/common';
import { ConsoleBuild } from './console-build';
import { ConsoleFiles } from './console-files';
import { ConsoleController } from './console.controller';

/** The console for people: a page that calls the API. Without CONSOLE_ENABLED its paths are unknown. */
@Module({})
export class ConsoleModule {
  static for({ CONSOLE_ENABLED }: Environment): DynamicModule {
    if (!CONSOLE_ENABLED) return { module: ConsoleModule };
    return {
      module: ConsoleModule,
      controllers: [ConsoleController],
      providers: [ConsoleFiles, ConsoleBuild],
    };
  }
}
