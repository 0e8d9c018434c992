import { AuditModule } from '@aegis/audit';
import { Environment } from '@aegis/config';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ApiKeyList } from './api-key-list';
import { ApiKeyRotation } from './api-key-rotation';
import { ApiKey } from './api-key.entity';
import { ApiKeysService } from './api-keys.service';
import { PepperChecks } from './peppers/pepper-checks';
import { PepperUse } from './peppers/pepper-use';
import { Peppers } from './peppers/peppers';

@Module({
  imports: [TypeOrmModule.forFeature([ApiKey]), AuditModule],
  providers: [
    ApiKeysService,
    ApiKeyRotation,
    ApiKeyList,
    PepperChecks,
    PepperUse,
    {
      provide: Peppers,
      inject: [Environment],
      useFactory: ({ API_KEY_PEPPERS }: Environment) => new Peppers(API_KEY_PEPPERS),
    },
  ],
  exports: [ApiKeysService, ApiKeyRotation, ApiKeyList, PepperChecks, PepperUse, Peppers],
})
export class ApiKeysModule {}
