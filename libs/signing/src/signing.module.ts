import { AuditModule } from '@aegis/audit';
import { Environment } from '@aegis/config';
import { Logger } from '@aegis/logging';
import { Metrics, MetricsModule } from '@aegis/metrics';
import { Module } from '@nestjs/common';
import { KeyRing } from './ring/key-ring.service';
import { SIGNER_SOURCE } from './signers/signer-source';
import { signerSource } from './signers/signer-sources';
import { SigningKeysModule } from './signing-keys.module';

/** The key ring, loaded when the module starts: migrations have run by then. */
@Module({
  imports: [SigningKeysModule, AuditModule, MetricsModule],
  providers: [
    KeyRing,
    { provide: SIGNER_SOURCE, inject: [Environment, Logger, Metrics], useFactory: signerSource },
  ],
  exports: [KeyRing, SIGNER_SOURCE],
})
export class SigningModule {}
