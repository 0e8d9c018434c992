import { JobsModule } from '@aegis/jobs';
import { MetricsModule } from '@aegis/metrics';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { JwksController } from './http/jwks.controller';
import { SigningKeysController } from './http/signing-keys.controller';
import { ListedKey } from './overview/listed-key.entity';
import { SigningKeyList } from './overview/signing-key-list';
import { KeyFollowing } from './ring/key-following';
import { ServedKeySet } from './jws/served-key-set';
import { SigningKeysModule } from './signing-keys.module';
import { SigningModule } from './signing.module';

/** What the server adds: it follows changes of the keys, and shows them. */
@Module({
  imports: [
    SigningModule,
    SigningKeysModule,
    JobsModule,
    MetricsModule,
    TypeOrmModule.forFeature([ListedKey]),
  ],
  providers: [KeyFollowing, ServedKeySet, SigningKeyList],
  controllers: [JwksController, SigningKeysController],
})
export class SigningHttpModule {}
