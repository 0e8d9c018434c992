import { ApiProblems, CacheControl, ETagged, IfNoneMatch, Public, RespondsAsIs } from '@aegis/http';
import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { hash } from 'node:crypto';
import { type Jwks, KEY_SET_SECONDS, STALE_KEY_SET_SECONDS } from '../jws/jwks';
import { KeyRing } from '../ring/key-ring.service';
import { ServedKeySet } from '../jws/served-key-set';
import { JWKS_SCHEMA } from './jwks.schema';

const CACHED = `public, max-age=${KEY_SET_SECONDS}, stale-if-error=${STALE_KEY_SET_SECONDS}`;

@ApiTags('Keys')
@Controller('.well-known')
@Public({ anyOrigin: true })
export class JwksController {
  constructor(
    private readonly keyRing: KeyRing,
    private readonly keySet: ServedKeySet,
  ) {}

  @Get('jwks.json')
  @CacheControl(CACHED)
  @ApiOperation({ operationId: 'getJwks', summary: 'Public keys that licenses are verified with (RFC 7517)' })
  @IfNoneMatch()
  @ETagged((jwks: Jwks) => hash('sha256', JSON.stringify(jwks), 'base64url'))
  @RespondsAsIs('application/json', { schema: JWKS_SCHEMA })
  jwks(): Promise<Jwks> {
    return this.keyRing.jwks();
  }

  @Get('jwks.jwt')
  @CacheControl(CACHED)
  @ApiOperation({
    operationId: 'getSignedJwks',
    summary: 'The same keys, and the compromised ones by their ids, signed by a root key that clients pin',
  })
  @ApiProblems('key_set_not_found')
  @IfNoneMatch()
  @ETagged((jwt: string) => hash('sha256', jwt, 'base64url'))
  @RespondsAsIs('application/jwk-set+jwt')
  signed(): string {
    return this.keySet.jwt();
  }
}
