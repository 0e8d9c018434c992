import { SigningModule } from '@aegis/signing';
import { Module } from '@nestjs/common';
import { Sealer } from './sealing/sealer';

@Module({ imports: [SigningModule], providers: [Sealer], exports: [Sealer] })
export class CheckpointsModule {}
