import { SigningModule } from '@aegis/signing';
import { Module } from '@nestjs/common';
import { Sealer } from './sealer';

@Module({ imports: [SigningModule], providers: [Sealer], exports: [Sealer] })
export class CheckpointsModule {}
