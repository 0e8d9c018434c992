import { MetricsModule } from '@aegis/metrics';
import { SigningModule } from '@aegis/signing';
import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { DatabaseReadiness } from './database-readiness';
import { HealthController } from './health.controller';
import { HealthService } from './health.service';
import { SigningHealth } from './signing-health';

@Module({
  // Its own lines would repeat every failed probe; the access log has them.
  imports: [TerminusModule.forRoot({ logger: false }), MetricsModule, SigningModule],
  controllers: [HealthController],
  providers: [DatabaseReadiness, HealthService, SigningHealth],
})
export class HealthModule {}
