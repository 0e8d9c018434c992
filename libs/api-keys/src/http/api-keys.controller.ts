import { type Actor, Caller } from '@aegis/audit';
import { type Precondition } from '@aegis/access';
import {
  answerList,
  ApiProblems,
  Creates,
  ETagged,
  Idempotent,
  IfMatch,
  IfNoneMatch,
  PathId,
  RequireScopes,
  Responds,
  RespondsNothing,
} from '@aegis/http';
import { STREAM_TYPES } from '@aegis/lists';
import { API_KEY_ID_RULE } from '@aegis/field-rules';
import { Body, Controller, Delete, Get, Patch, Post, Query, Req } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { ApiKeyList } from '../api-key-list';
import { ApiKeyRotation } from '../api-key-rotation';
import type { ApiKey } from '../api-key.entity';
import { ApiKeysService, type CreatedApiKey } from '../api-keys.service';
import { assertHasCurrentSecret, type KeyHolder } from '../key-holder';
import { CreateApiKeyDto, RotateApiKeyDto, UpdateApiKeyDto } from './api-key-input.dto';
import { ListApiKeysDto } from './api-key-list.dto';
import { ApiKeyDto, ApiKeyPageDto, CreatedApiKeyDto } from './api-key.dto';
import { Holder } from './holder';

/** The tag does not change with the uses of a key, but when the grace of its previous secret has ended. */
const apiKeyTag = ({ version, previous_valid_until }: ApiKey): string =>
  previous_valid_until === null ? String(version) : `${version}.grace`;

const withSecret = ({ apiKey, key }: CreatedApiKey): object => Object.assign({}, apiKey, { key });

@ApiTags('API keys')
@Controller('api/v1/admin/api-keys')
@RequireScopes('api-keys:manage')
export class ApiKeysController {
  constructor(
    private readonly apiKeys: ApiKeysService,
    private readonly rotation: ApiKeyRotation,
    private readonly list: ApiKeyList,
  ) {}

  @Post()
  @ApiOperation({ operationId: 'createApiKey', summary: 'Create an API key; its secret is shown only once' })
  @Idempotent({ assertMayReplay: assertHasCurrentSecret })
  @Creates(({ apiKey }: CreatedApiKey) => `/api/v1/admin/api-keys/${apiKey.id}`)
  @ETagged(({ apiKey }: CreatedApiKey) => apiKeyTag(apiKey))
  @Responds(CreatedApiKeyDto, {
    status: 201,
    description: 'Made',
    from: withSecret,
  })
  create(
    @Caller() actor: Actor,
    @Holder() holder: KeyHolder,
    @Body() input: CreateApiKeyDto,
  ): Promise<CreatedApiKey> {
    return this.apiKeys.create(actor, holder, input);
  }

  @Get()
  @ApiOperation({ operationId: 'listApiKeys', summary: 'List API keys, newest first' })
  @Responds(ApiKeyPageDto, { alsoOffers: STREAM_TYPES })
  page(@Query() query: ListApiKeysDto, @Req() request: Request): Promise<object> {
    return answerList(request, 'api_keys', query, this.list.source(query), ApiKeyDto);
  }

  @Get(':id')
  @ApiOperation({ operationId: 'getApiKey', summary: 'Read an API key, without its secret' })
  @ApiProblems('api_key_not_found')
  @IfNoneMatch()
  @ETagged(apiKeyTag)
  @Responds(ApiKeyDto)
  find(@PathId(API_KEY_ID_RULE) id: string): Promise<ApiKey> {
    return this.apiKeys.find(id);
  }

  @Patch(':id')
  @ApiOperation({
    operationId: 'updateApiKey',
    summary: 'Change fields of an API key; null empties one. Takes effect with the next request',
  })
  @ApiProblems('api_key_not_found', 'last_admin_key')
  @ETagged(apiKeyTag)
  @Responds(ApiKeyDto)
  async update(
    @Caller() actor: Actor,
    @Holder() holder: KeyHolder,
    @PathId(API_KEY_ID_RULE) id: string,
    @Body() input: UpdateApiKeyDto,
    @IfMatch(apiKeyTag) precondition: Precondition<ApiKey>,
  ): Promise<ApiKey> {
    return (await this.apiKeys.update(actor, holder, id, input, { precondition })).apiKey;
  }

  @Post(':id/rotate')
  @ApiOperation({
    operationId: 'rotateApiKey',
    summary: 'Give an API key a new secret under the same id, shown only once',
  })
  @ApiBody({ type: RotateApiKeyDto, required: false })
  @ApiProblems('api_key_not_found')
  @Idempotent({ assertMayReplay: assertHasCurrentSecret })
  @ETagged(({ apiKey }: CreatedApiKey) => apiKeyTag(apiKey))
  @Responds(CreatedApiKeyDto, { description: 'Rotated', from: withSecret })
  rotate(
    @Caller() actor: Actor,
    @Holder() holder: KeyHolder,
    @PathId(API_KEY_ID_RULE) id: string,
    @Body() input: RotateApiKeyDto,
    @IfMatch(apiKeyTag) precondition: Precondition<ApiKey>,
  ): Promise<CreatedApiKey> {
    return this.rotation.rotate(actor, holder, id, input.grace_seconds ?? 0, precondition);
  }

  @Delete(':id')
  @ApiOperation({
    operationId: 'deleteApiKey',
    summary: 'Delete an API key: refused from the next request on',
  })
  @ApiProblems('api_key_not_found', 'last_admin_key')
  @Idempotent({ assertMayReplay: assertHasCurrentSecret })
  @RespondsNothing('Deleted')
  remove(
    @Caller() actor: Actor,
    @Holder() holder: KeyHolder,
    @PathId(API_KEY_ID_RULE) id: string,
    @IfMatch(apiKeyTag) precondition: Precondition<ApiKey>,
  ): Promise<void> {
    return this.apiKeys.remove(actor, holder, id, { precondition });
  }
}
