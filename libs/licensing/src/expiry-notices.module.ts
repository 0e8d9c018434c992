import { AuditModule } from '@aegis/audit';
import { JobsModule } from '@aegis/jobs';
import { Module } from '@nestjs/common';
import { ExpiryNotices } from './notices/expiry-notices';

/** Gives notice of the end of licenses; the server loads it. */
@Module({ imports: [AuditModule, JobsModule], providers: [ExpiryNotices] })
export class ExpiryNoticesModule {}
