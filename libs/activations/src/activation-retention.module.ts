import { JobsModule } from '@aegis/jobs';
import { Module } from '@nestjs/common';
import { ActivationRetention } from './retention/activation-retention';

/** Removes what is kept of seats for a time only; the server loads it. */
@Module({ imports: [JobsModule], providers: [ActivationRetention] })
export class ActivationRetentionModule {}
