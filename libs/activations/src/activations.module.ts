import { AuditModule } from '@aegis/audit';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { MetricsModule } from '@aegis/metrics';
import { SigningModule } from '@aegis/signing';
import { StatusListsModule } from '@aegis/status-lists';
import { Activation } from './activation.entity';
import { OfflineFiles } from './offline/offline-files';
import { ActivationEndings } from './seats/activation-endings';
import { LicenseSeats } from './seats/license-seats.entity';
import { ActivationTokens } from './tokens/activation-tokens';
import { SeatCounts } from './seat-counts';
import { SeatTermsStore } from './seats/seat-terms-store';

@Module({
  imports: [
    TypeOrmModule.forFeature([Activation, LicenseSeats]),
    AuditModule,
    MetricsModule,
    SigningModule,
    StatusListsModule,
  ],
  providers: [ActivationEndings, ActivationTokens, OfflineFiles, SeatCounts, SeatTermsStore],
  exports: [ActivationEndings, ActivationTokens, OfflineFiles, SeatCounts, SeatTermsStore],
})
export class ActivationsModule {}
