import type { ListOrder, ListSource } from '@aegis/lists';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AuditCheckpoint } from './audit-checkpoint.entity';

const NEWEST_FIRST: ListOrder<AuditCheckpoint> = {
  keys: [{ expression: 'checkpoint.number', kind: 'integer', type: 'bigint', of: ({ number }) => number }],
  direction: 'DESC',
};

@Injectable()
export class CheckpointList {
  constructor(private readonly dataSource: DataSource) {}

  /** Every checkpoint, newest first. */
  source(): ListSource<AuditCheckpoint> {
    const rows = this.dataSource.createQueryBuilder(AuditCheckpoint, 'checkpoint');
    return { rows, order: NEWEST_FIRST, list: { list: 'checkpoints' } };
  }
}
