import { Module } from '@nestjs/common';
import { JwksController } from './http/jwks.controller';
import { SigningModule } from './signing.module';

@Module({ imports: [SigningModule], controllers: [JwksController] })
export class SigningHttpModule {}
