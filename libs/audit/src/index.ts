export { callingActor, Caller, commandLineActor, SYSTEM } from './actor';
export type { Actor } from './actor';
export { AuditHttpModule } from './audit-http.module';
export { AuditLog } from './audit-log';
export type { AuditEntry, EventType } from './audit-log';
export { AuditPartitions } from './audit-partitions';
export { AuditRecord } from './audit-record.entity';
export { AuditModule } from './audit.module';
export { AuditLogDto } from './http/audit-log.dto';
