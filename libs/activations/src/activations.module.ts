import { AuditModule } from '@aegis/audit';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Activation } from './activation.entity';
import { ActivationEndings } from './seats/activation-endings';
import { LicenseSeats } from './seats/license-seats.entity';
import { SeatTermsStore } from './seats/seat-terms-store';

@Module({
  imports: [TypeOrmModule.forFeature([Activation, LicenseSeats]), AuditModule],
  providers: [ActivationEndings, SeatTermsStore],
  exports: [ActivationEndings, SeatTermsStore],
})
export class ActivationsModule {}
