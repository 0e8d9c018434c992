import { CacheControl, ETagged, IfNoneMatch, Public, RespondsAsIs } from '@aegis/web';
import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { hash } from 'node:crypto';
import type { Jwks } from '../jwks';
import { KeyRing } from '../key-ring.service';
import { JWKS_SCHEMA } from './jwks.schema';

@ApiTags('Keys')
@Controller('.well-known')
@Public()
export class JwksController {
  constructor(private readonly keyRing: KeyRing) {}

  @Get('jwks.json')
  @CacheControl('public, max-age=300')
  @ApiOperation({ operationId: 'getJwks', summary: 'Public keys that licenses are verified with (RFC 7517)' })
  @IfNoneMatch()
  @ETagged((jwks: Jwks) => hash('sha256', JSON.stringify(jwks), 'base64url'))
  @RespondsAsIs('application/json', { schema: JWKS_SCHEMA })
  jwks(): Promise<Jwks> {
    return this.keyRing.jwks();
  }
}
