import { JobsModule } from '@aegis/jobs';
import { Module } from '@nestjs/common';
import { AuditAddresses } from './audit-addresses';
import { AuditList } from './audit-list';
import { AuditPartitions } from './audit-partitions';
import { AuditModule } from './audit.module';
import { AuditLogsController } from './http/audit-logs.controller';

/** What the server adds to the trail: its routes, the partitions made ahead, old addresses forgotten. */
@Module({
  imports: [AuditModule, JobsModule],
  controllers: [AuditLogsController],
  providers: [AuditAddresses, AuditList, AuditPartitions],
  exports: [AuditList],
})
export class AuditHttpModule {}
