export { AuditHttpModule } from './audit-http.module';
export { AuditLogDto } from './http/audit-log.dto';
