import { AuditModule } from '@aegis/audit';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SigningModule } from '@aegis/signing';
import { Activation } from './activation.entity';
import { ActivationEndings } from './seats/activation-endings';
import { LicenseSeats } from './seats/license-seats.entity';
import { ActivationTokens } from './tokens/activation-tokens';
import { SeatTermsStore } from './seats/seat-terms-store';

@Module({
  imports: [TypeOrmModule.forFeature([Activation, LicenseSeats]), AuditModule, SigningModule],
  providers: [ActivationEndings, ActivationTokens, SeatTermsStore],
  exports: [ActivationEndings, ActivationTokens, SeatTermsStore],
})
export class ActivationsModule {}
