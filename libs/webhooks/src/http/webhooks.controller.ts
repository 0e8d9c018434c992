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
  PageQueryDto,
  PathId,
  RequireScopes,
  Responds,
  RespondsNothing,
} from '@aegis/http';
import { STREAM_TYPES } from '@aegis/lists';
import { UUID_RULE } from '@aegis/field-rules';
import { Body, Controller, Delete, Get, Patch, Post, Query, Req } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { EndpointList } from '../endpoints/endpoint-list';
import { DEFAULT_OVERLAP_SECONDS, EndpointRotation } from '../endpoints/endpoint-rotation';
import type { WebhookEndpoint } from '../endpoints/webhook-endpoint.entity';
import { type EndpointWithSecret, WebhookEndpoints } from '../endpoints/webhook-endpoints';
import { CreateWebhookDto, RotateWebhookDto, UpdateWebhookDto } from './webhook-input.dto';
import { CreatedWebhookDto, WebhookDto, WebhookPageDto } from './webhook.dto';

/** The tag changes with the settings; a delivery does not change it. */
const webhookTag = ({ version }: WebhookEndpoint): string => String(version);

const withSecret = ({ endpoint, secret }: EndpointWithSecret): object =>
  Object.assign({}, endpoint, { secret });

@ApiTags('Webhooks')
@Controller('api/v1/admin/webhooks')
@RequireScopes('webhooks:manage')
export class WebhooksController {
  constructor(
    private readonly endpoints: WebhookEndpoints,
    private readonly rotation: EndpointRotation,
    private readonly list: EndpointList,
  ) {}

  @Post()
  @ApiOperation({
    operationId: 'createWebhook',
    summary: 'Create a webhook; its secret is shown only once',
  })
  @ApiProblems('webhook_limit_reached', 'secrets_key_missing', 'service_unavailable')
  @Idempotent()
  @Creates(({ endpoint }: EndpointWithSecret) => `/api/v1/admin/webhooks/${endpoint.id}`)
  @ETagged(({ endpoint }: EndpointWithSecret) => webhookTag(endpoint))
  @Responds(CreatedWebhookDto, { status: 201, description: 'Made', from: withSecret })
  create(@Caller() actor: Actor, @Body() input: CreateWebhookDto): Promise<EndpointWithSecret> {
    return this.endpoints.create(actor, input);
  }

  @Get()
  @ApiOperation({ operationId: 'listWebhooks', summary: 'List webhooks, newest first' })
  @Responds(WebhookPageDto, { alsoOffers: STREAM_TYPES })
  page(@Query() query: PageQueryDto, @Req() request: Request): Promise<object> {
    return answerList(request, 'webhooks', query, this.list.source(), WebhookDto);
  }

  @Get(':id')
  @ApiOperation({
    operationId: 'getWebhook',
    summary: 'Read a webhook, without its secret. The tag changes with its settings, not with its deliveries',
  })
  @ApiProblems('webhook_not_found')
  @IfNoneMatch()
  @ETagged(webhookTag)
  @Responds(WebhookDto)
  find(@PathId(UUID_RULE) id: string): Promise<WebhookEndpoint> {
    return this.endpoints.find(id);
  }

  @Patch(':id')
  @ApiOperation({
    operationId: 'updateWebhook',
    summary: 'Change fields of a webhook, or disable or enable it; null empties a filter',
  })
  @ApiProblems('webhook_not_found')
  @ETagged(webhookTag)
  @Responds(WebhookDto)
  update(
    @Caller() actor: Actor,
    @PathId(UUID_RULE) id: string,
    @Body() input: UpdateWebhookDto,
    @IfMatch(webhookTag) precondition: Precondition<WebhookEndpoint>,
  ): Promise<WebhookEndpoint> {
    return this.endpoints.update(actor, id, input, precondition);
  }

  @Post(':id/rotate')
  @ApiOperation({
    operationId: 'rotateWebhook',
    summary: 'Give a webhook a new secret and key pair, shown only once',
  })
  @ApiBody({ type: RotateWebhookDto, required: false })
  @ApiProblems('webhook_not_found', 'secrets_key_missing', 'service_unavailable')
  @Idempotent()
  @ETagged(({ endpoint }: EndpointWithSecret) => webhookTag(endpoint))
  @Responds(CreatedWebhookDto, { description: 'Rotated', from: withSecret })
  rotate(
    @Caller() actor: Actor,
    @PathId(UUID_RULE) id: string,
    @Body() input: RotateWebhookDto,
    @IfMatch(webhookTag) precondition: Precondition<WebhookEndpoint>,
  ): Promise<EndpointWithSecret> {
    return this.rotation.rotate(actor, id, input.overlap_seconds ?? DEFAULT_OVERLAP_SECONDS, precondition);
  }

  @Delete(':id')
  @ApiOperation({
    operationId: 'deleteWebhook',
    summary: 'Delete a webhook and its keys: nothing further is sent to it',
  })
  @ApiProblems('webhook_not_found')
  @Idempotent()
  @RespondsNothing('Deleted')
  remove(
    @Caller() actor: Actor,
    @PathId(UUID_RULE) id: string,
    @IfMatch(webhookTag) precondition: Precondition<WebhookEndpoint>,
  ): Promise<void> {
    return this.endpoints.remove(actor, id, precondition);
  }
}
