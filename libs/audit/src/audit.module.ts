import { MetricsModule } from '@aegis/metrics';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditLog } from './audit-log';
import { AuditRecord } from './audit-record.entity';

@Module({
  // AuditPartitions, which the server and the command line add, tells the metrics.
  imports: [TypeOrmModule.forFeature([AuditRecord]), MetricsModule],
  providers: [AuditLog],
  exports: [AuditLog, MetricsModule],
})
export class AuditModule {}
