import { JobsModule } from '@aegis/jobs';
import { MetricsModule } from '@aegis/metrics';
import { Module } from '@nestjs/common';
import { Replicas } from './replicas';

/** Lets lists and statistics read from standbys, where DATABASE_REPLICA_URLS names some. */
@Module({ imports: [JobsModule, MetricsModule], providers: [Replicas] })
export class ReplicasModule {}
