import { SigningModule } from '@aegis/signing';
import { Module } from '@nestjs/common';
import { StatusListIssuer } from './status-list-issuer';
import { StatusListRecords } from './status-list-records';

/** Signs status lists. */
@Module({
  imports: [SigningModule],
  providers: [StatusListIssuer, StatusListRecords],
  exports: [StatusListIssuer, StatusListRecords],
})
export class StatusListsModule {}
