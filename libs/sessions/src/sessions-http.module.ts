import { ApiKeysHttpModule } from '@aegis-http/api-keys';
import { ApiKeysModule } from '@aegis/api-keys';
import { AuditModule } from '@aegis/audit';
import { Identification } from '@aegis/http';
import { JobsModule } from '@aegis/jobs';
import { MetricsModule } from '@aegis/metrics';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ExpiredSessions } from './expired/expired-sessions';
import { CallerIdentification } from './http/caller-identification';
import { SessionCookie } from './http/session-cookie';
import { SessionsController } from './http/sessions.controller';
import { SessionAuthentication } from './session-authentication';
import { SessionList } from './session-list';
import { SessionUses } from './session-uses';
import { BrowserSession } from './browser-session.entity';
import { Sessions } from './sessions.service';

/** Who calls, by API key or session, and the routes of sessions; only the server loads it. */
@Module({
  imports: [
    ApiKeysHttpModule,
    ApiKeysModule,
    AuditModule,
    JobsModule,
    MetricsModule,
    TypeOrmModule.forFeature([BrowserSession]),
  ],
  controllers: [SessionsController],
  providers: [
    ExpiredSessions,
    SessionAuthentication,
    SessionCookie,
    SessionList,
    SessionUses,
    Sessions,
    { provide: Identification, useClass: CallerIdentification },
  ],
  exports: [Identification],
})
export class SessionsHttpModule {}
