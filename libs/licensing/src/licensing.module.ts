import { ActivationsModule } from '@aegis/activations';
import { AuditModule } from '@aegis/audit';
import { CustomersModule } from '@aegis/customers';
import { JobsModule } from '@aegis/jobs';
import { MetricsModule } from '@aegis/metrics';
import { SigningModule } from '@aegis/signing';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ActivationsService } from './activate/activations.service';
import { LicenseActivations } from './activate/license-activations.service';
import { LeaseRenewal } from './activate/lease-renewal';
import { OfflineActivations } from './activate/offline-activations';
import { OfflineRequestInspection } from './activate/offline-request-inspection';
import { seatAdmissions } from './activate/seat-admissions';
import { SeatJudge } from './activate/seat-judge';
import { CustomerRemovalService } from './remove/customer-removal.service';
import { IssuerCheck } from './issuer-check';
import { LicenseChanges } from './license-changes';
import { LicenseList } from './license-list';
import { LicenseLock } from './license-lock';
import { LicenseRenewalService } from './renew/license-renewal.service';
import { LicenseResignWriter } from './resign/license-resign-writer';
import { LicenseResign } from './resign/license-resign.service';
import { LicenseSeatsService } from './seats/license-seats.service';
import { LicenseStateService } from './state/license-state.service';
import { LicenseToken } from './license-token.entity';
import { LicenseWriter } from './issue/license-writer';
import { License } from './license.entity';
import { LicensingService } from './issue/licensing.service';
import { TokenInspection } from './validate/token-inspection.service';
import { TokenIssuer } from './issue/token-issuer';
import { TokenProofs } from './validate/token-proofs';
import { UnrecordedTokens } from './validate/unrecorded-tokens';
import { ValidationCounts } from './validate/validation-counts';
import { ValidationRecords } from './validate/validation-records';
import { ValidationService } from './validate/validation.service';

const services = [
  ActivationsService,
  CustomerRemovalService,
  LicenseActivations,
  LicenseList,
  LicenseRenewalService,
  LicenseResign,
  LicenseSeatsService,
  LicenseStateService,
  LicensingService,
  OfflineActivations,
  OfflineRequestInspection,
  TokenInspection,
  ValidationCounts,
  ValidationService,
];

@Module({
  imports: [
    TypeOrmModule.forFeature([License, LicenseToken]),
    ActivationsModule,
    AuditModule,
    CustomersModule,
    JobsModule,
    MetricsModule,
    SigningModule,
  ],
  providers: [
    ...services,
    IssuerCheck,
    LicenseChanges,
    LeaseRenewal,
    LicenseLock,
    LicenseResignWriter,
    LicenseWriter,
    SeatJudge,
    seatAdmissions,
    TokenIssuer,
    TokenProofs,
    ValidationRecords,
    UnrecordedTokens,
  ],
  exports: services,
})
export class LicensingModule {}
