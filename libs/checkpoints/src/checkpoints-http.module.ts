import { AuditModule } from '@aegis/audit';
import { JobsModule } from '@aegis/jobs';
import { MetricsModule } from '@aegis/metrics';
import { SigningModule } from '@aegis/signing';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditCheckpoint } from './audit-checkpoint.entity';
import { CheckpointShipping } from './shipping/checkpoint-shipping';
import { CheckpointList } from './checkpoint-list';
import { CheckpointsModule } from './checkpoints.module';
import { CheckpointsController } from './http/checkpoints.controller';
import { InclusionProofs } from './tree/inclusion-proofs';
import { Sealing } from './sealing/sealing';
import { TrailAlarms } from './sealing/trail-alarms';

/** What the server adds: the trail is sealed all the time, and proves itself to callers. */
@Module({
  imports: [
    CheckpointsModule,
    AuditModule,
    JobsModule,
    MetricsModule,
    SigningModule,
    TypeOrmModule.forFeature([AuditCheckpoint]),
  ],
  controllers: [CheckpointsController],
  providers: [CheckpointList, CheckpointShipping, InclusionProofs, Sealing, TrailAlarms],
})
export class CheckpointsHttpModule {}
