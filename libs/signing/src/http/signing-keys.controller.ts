import { SIGNING_KEY_ID_RULE } from '@aegis/field-rules';
import { answerList, ApiProblems, PageQueryDto, PathId, RequireScopes, Responds } from '@aegis/http';
import { STREAM_TYPES } from '@aegis/lists';
import { Controller, Get, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import type { ListedKey } from '../overview/listed-key.entity';
import { SigningKeyList } from '../overview/signing-key-list';
import { SigningKeyDto, SigningKeyPageDto } from './signing-key.dto';

@ApiTags('Keys')
@Controller('api/v1/admin/signing-keys')
@RequireScopes('api-keys:manage')
export class SigningKeysController {
  constructor(private readonly list: SigningKeyList) {}

  @Get()
  @ApiOperation({
    operationId: 'listSigningKeys',
    summary: 'List signing keys, newest first: states, licenses, servers, and what a rotation needs next',
  })
  @Responds(SigningKeyPageDto, { alsoOffers: STREAM_TYPES })
  page(@Query() query: PageQueryDto, @Req() request: Request): Promise<object> {
    return answerList(request, 'signing_keys', query, this.list.source(), SigningKeyDto);
  }

  @Get(':kid')
  @ApiOperation({ operationId: 'getSigningKey', summary: 'Read a signing key, without anything private' })
  @ApiProblems('signing_key_not_found')
  @Responds(SigningKeyDto)
  find(@PathId(SIGNING_KEY_ID_RULE, { name: 'kid' }) kid: string): Promise<ListedKey> {
    return this.list.find(kid);
  }
}
