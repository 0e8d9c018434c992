import { MetricsModule } from '@aegis/metrics';
import { Module } from '@nestjs/common';
import { Jobs } from './jobs';

/** Not global: Nest stops global modules last, in no order that could be relied on. Jobs must end before the pool. */
@Module({ imports: [MetricsModule], providers: [Jobs], exports: [Jobs] })
export class JobsModule {}
