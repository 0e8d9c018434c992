import { MetricsModule } from '@aegis/metrics';
import { SigningModule } from '@aegis/signing';
import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { DatabaseReadiness } from './database-readiness';
import { HealthController } from './health.controller';
import { HealthService } from './health.service';
import { InstallationHealthController } from './installation-health.controller';
import { InstallationHealthService } from './parts/installation-health';
import { SigningHealth } from './signing-health';

@Module({
  // Its own lines would repeat every failed probe; the access log has them.
  imports: [TerminusModule.forRoot({ logger: false }), MetricsModule, SigningModule],
  controllers: [HealthController, InstallationHealthController],
  providers: [DatabaseReadiness, HealthService, InstallationHealthService, SigningHealth],
})
export class HealthModule {}
