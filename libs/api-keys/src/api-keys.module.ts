import { AuditModule } from '@aegis/audit';
import { Environment } from '@aegis/config';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ApiKeyList } from './api-key-list';
import { ApiKey } from './api-key.entity';
import { ApiKeysService } from './api-keys.service';
import { Peppers } from './peppers';

@Module({
  imports: [TypeOrmModule.forFeature([ApiKey]), AuditModule],
  providers: [
    ApiKeysService,
    ApiKeyList,
    {
      provide: Peppers,
      inject: [Environment],
      useFactory: ({ API_KEY_PEPPERS }: Environment) => new Peppers(API_KEY_PEPPERS),
    },
  ],
  exports: [ApiKeysService, ApiKeyList, Peppers],
})
export class ApiKeysModule {}
