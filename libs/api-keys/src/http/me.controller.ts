import { type AuthenticatedKey, SCOPES, type Scope } from '@aegis/access';
import { AnyKey, credentialOf, Responds } from '@aegis/http';
import { Controller, Get, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { Unauthorized } from '../api-keys.errors';
import { MeDto } from './me.dto';

@ApiTags('Admin')
@Controller('api/v1/me')
@AnyKey()
export class MeController {
  @Get()
  @ApiOperation({ operationId: 'getMe', summary: 'What the API key of this request is and may do' })
  @Responds(MeDto)
  me(@Req() request: Request): MeDto {
    const key = callingKey(request);
    return {
      id: key.id,
      name: key.name,
      scopes: key.scopes.toSorted((a, b) => order(a) - order(b)),
      expires_at: key.expiresAt,
      rate_limit_per_minute: key.rateLimitPerMinute,
    };
  }
}

function order(scope: Scope): number {
  return SCOPES.indexOf(scope);
}

function callingKey(request: Request): AuthenticatedKey {
  const credential = credentialOf(request);
  if (credential.kind !== 'key') throw new Unauthorized('missing');
  return credential.key;
}
