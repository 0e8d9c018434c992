import { SigningModule } from '@aegis/signing';
import { Module } from '@nestjs/common';
import { InfoController } from './info.controller';

@Module({ imports: [SigningModule], controllers: [InfoController] })
export class InfoModule {}
