import { AuditModule } from '@aegis/audit';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SigningKey } from './ring/signing-key.entity';
import { SigningKeys } from './ring/signing-keys.service';
import { SigningReplicas } from './ring/signing-replicas';

/** The keys on record, without any private one: for operators. */
@Module({
  imports: [TypeOrmModule.forFeature([SigningKey]), AuditModule],
  providers: [SigningKeys, SigningReplicas],
  exports: [SigningKeys, SigningReplicas],
})
export class SigningKeysModule {}
