import { JobsModule } from '@aegis/jobs';
import { MetricsModule } from '@aegis/metrics';
import { SigningModule } from '@aegis/signing';
import { Module } from '@nestjs/common';
import { StatusListsController } from './http/status-lists.controller';
import { StatusListUpkeep } from './status-list-upkeep';
import { StatusListsModule } from './status-lists.module';
import { StatusLists } from './status-lists.service';

/** Serves signed status lists. */
@Module({
  imports: [JobsModule, MetricsModule, SigningModule, StatusListsModule],
  providers: [StatusLists, StatusListUpkeep],
  controllers: [StatusListsController],
})
export class StatusListsHttpModule {}
