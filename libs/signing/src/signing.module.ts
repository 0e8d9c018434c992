import { AuditModule } from '@aegis/audit';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { KeyRing } from './key-ring.service';
import { SigningKey } from './signing-key.entity';

/** The key ring, loaded when the module starts: migrations have run by then. */
@Module({
  imports: [TypeOrmModule.forFeature([SigningKey]), AuditModule],
  providers: [KeyRing],
  exports: [KeyRing],
})
export class SigningModule {}
