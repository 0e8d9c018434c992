import { AuditModule } from '@aegis/audit';
import { Module } from '@nestjs/common';
import { CheckpointsModule } from './checkpoints.module';
import { Sealing } from './sealing';

/** What the server adds: the trail is sealed all the time. */
@Module({ imports: [CheckpointsModule, AuditModule], providers: [Sealing] })
export class CheckpointsHttpModule {}
