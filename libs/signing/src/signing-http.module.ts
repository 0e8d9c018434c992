import { JobsModule } from '@aegis/jobs';
import { MetricsModule } from '@aegis/metrics';
import { Module } from '@nestjs/common';
import { JwksController } from './http/jwks.controller';
import { KeyFollowing } from './ring/key-following';
import { ServedKeySet } from './jws/served-key-set';
import { SigningKeysModule } from './signing-keys.module';
import { SigningModule } from './signing.module';

/** What the server adds: it follows changes of the keys. */
@Module({
  imports: [SigningModule, SigningKeysModule, JobsModule, MetricsModule],
  providers: [KeyFollowing, ServedKeySet],
  controllers: [JwksController],
})
export class SigningHttpModule {}
