import { AuditModule } from '@aegis/audit';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { MetricsModule } from '@aegis/metrics';
import { SigningModule } from '@aegis/signing';
import { Activation } from './activation.entity';
import { ActivationEndings } from './seats/activation-endings';
import { LicenseSeats } from './seats/license-seats.entity';
import { ActivationTokens } from './tokens/activation-tokens';
import { SeatCounts } from './seat-counts';
import { SeatTermsStore } from './seats/seat-terms-store';

@Module({
  imports: [TypeOrmModule.forFeature([Activation, LicenseSeats]), AuditModule, MetricsModule, SigningModule],
  providers: [ActivationEndings, ActivationTokens, SeatCounts, SeatTermsStore],
  exports: [ActivationEndings, ActivationTokens, SeatCounts, SeatTermsStore],
})
export class ActivationsModule {}
