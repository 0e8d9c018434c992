export { AuditHttpModule } from './audit-http.module';
export { AuditList } from './audit-list';
export { AuditLogDto, AuditLogPageDto } from './http/audit-log.dto';
