import { highestFirst, type ListSource } from '@aegis/lists';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AuditCheckpoint } from './audit-checkpoint.entity';

@Injectable()
export class CheckpointList {
  constructor(private readonly dataSource: DataSource) {}

  /** Every checkpoint, newest first. */
  source(): ListSource<AuditCheckpoint> {
    const rows = this.dataSource.createQueryBuilder(AuditCheckpoint, 'checkpoint');
    return { rows, order: highestFirst('checkpoint', 'number'), list: { list: 'checkpoints' } };
  }
}
