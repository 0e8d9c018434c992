import type { Environment } from '@aegis/config';
import { type DynamicModule, Module } from '@nestjs/common';
import { ServedDocument } from '../openapi/served-document';
import { DocsController } from './docs.controller';
import { ProblemsController } from './problems.controller';

/** What explains the API. The pages of the errors are there always: every error links to one. */
@Module({})
export class DocsModule {
  static for({ DOCS_ENABLED }: Environment): DynamicModule {
    return {
      module: DocsModule,
      controllers: DOCS_ENABLED ? [DocsController, ProblemsController] : [ProblemsController],
      providers: [ServedDocument],
    };
  }
}
