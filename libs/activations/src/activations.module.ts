import { AuditModule } from '@aegis/audit';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Activation } from './activation.entity';
import { LicenseSeats } from './seats/license-seats.entity';

@Module({
  imports: [TypeOrmModule.forFeature([Activation, LicenseSeats]), AuditModule],
})
export class ActivationsModule {}
