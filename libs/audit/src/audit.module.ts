import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditLog } from './audit-log';
import { AuditRecord } from './audit-record.entity';

@Module({ imports: [TypeOrmModule.forFeature([AuditRecord])], providers: [AuditLog], exports: [AuditLog] })
export class AuditModule {}
