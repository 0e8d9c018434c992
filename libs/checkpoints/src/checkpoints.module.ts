import { SigningModule } from '@aegis/signing';
import { Module } from '@nestjs/common';
import { Sealer } from './sealer';
import { TrailVerification } from './trail-verification';

@Module({
  imports: [SigningModule],
  providers: [Sealer, TrailVerification],
  exports: [Sealer, TrailVerification],
})
export class CheckpointsModule {}
