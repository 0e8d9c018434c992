import { JobsModule } from '@aegis/jobs';
import { MetricsModule } from '@aegis/metrics';
import { Module } from '@nestjs/common';
import { ApiKeyAuthentication } from './api-key-authentication';
import { ApiKeyExpiry } from './api-key-expiry';
import { ApiKeyUsage } from './api-key-usage';
import { ApiKeysModule } from './api-keys.module';
import { ApiKeyIdentification } from './http/api-key-identification';
import { PepperRenewal } from './peppers/pepper-renewal';
import { MeController } from './http/me.controller';
import { ApiKeysController } from './http/api-keys.controller';

@Module({
  imports: [ApiKeysModule, JobsModule, MetricsModule],
  controllers: [ApiKeysController, MeController],
  providers: [ApiKeyAuthentication, ApiKeyExpiry, ApiKeyUsage, PepperRenewal, ApiKeyIdentification],
  exports: [ApiKeyIdentification, ApiKeyUsage],
})
export class ApiKeysHttpModule {}
