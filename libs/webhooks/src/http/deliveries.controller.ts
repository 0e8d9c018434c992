import { type Actor, Caller } from '@aegis/audit';
import { UUID_RULE } from '@aegis/field-rules';
import { answerList, ApiProblems, PathId, RequireScopes, Responds } from '@aegis/http';
import { STREAM_TYPES } from '@aegis/lists';
import { Controller, Get, Post, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { DeliveryList, type DeliveryWithBody } from '../history/delivery-list';
import { type Redelivered, Redelivery } from '../history/redelivery';
import type { WebhookDelivery } from '../history/webhook-delivery.entity';
import {
  DeliveryDto,
  DeliveryPageDto,
  DeliveryWithBodyDto,
  ListDeliveriesDto,
  RedeliveredDto,
  RedeliverSinceDto,
} from './delivery.dto';

const withBody = ({ delivery, body }: DeliveryWithBody): object =>
  Object.assign(Object.create(delivery) as object, { request_body: body });

@ApiTags('Webhooks')
@Controller('api/v1/admin/webhooks')
@RequireScopes('webhooks:manage')
export class DeliveriesController {
  constructor(
    private readonly list: DeliveryList,
    private readonly redelivery: Redelivery,
  ) {}

  @Get(':id/deliveries')
  @ApiOperation({ operationId: 'listDeliveries', summary: 'List the deliveries of a webhook, newest first' })
  @ApiProblems('webhook_not_found')
  @Responds(DeliveryPageDto, { alsoOffers: STREAM_TYPES })
  async page(
    @PathId(UUID_RULE) id: string,
    @Query() query: ListDeliveriesDto,
    @Req() request: Request,
  ): Promise<object> {
    return answerList(request, 'deliveries', query, await this.list.source(id, query), DeliveryDto);
  }

  @Get(':id/deliveries/:delivery_id')
  @ApiOperation({ operationId: 'getDelivery', summary: 'Read a delivery, with the body that is sent' })
  @ApiProblems('webhook_not_found', 'delivery_not_found')
  @Responds(DeliveryWithBodyDto, { from: withBody })
  find(
    @PathId(UUID_RULE) id: string,
    @PathId(UUID_RULE, { name: 'delivery_id' }) deliveryId: string,
  ): Promise<DeliveryWithBody> {
    return this.list.find(id, deliveryId);
  }

  @Post(':id/redeliver')
  @ApiOperation({
    operationId: 'redeliverSince',
    summary: 'Repeat what was given up since a moment, or may have been sent before a restore',
    description:
      'In the order of each license, with the same `webhook-id` and `sequence`; attempts begin again with the first. Sent again, it repeats nothing that is pending.',
  })
  @ApiProblems('webhook_not_found', 'webhook_disabled')
  @Responds(RedeliveredDto)
  redeliverSince(
    @Caller() actor: Actor,
    @PathId(UUID_RULE) id: string,
    @Query() query: RedeliverSinceDto,
  ): Promise<Redelivered> {
    return this.redelivery.since(actor, id, query);
  }

  @Post('deliveries/:id/redeliver')
  @ApiOperation({
    operationId: 'redeliver',
    summary: 'Repeat one delivery, also one that was made; one that waits is attempted now',
  })
  @ApiProblems('delivery_not_found', 'webhook_disabled')
  @Responds(DeliveryDto, { description: 'Due again' })
  redeliver(@Caller() actor: Actor, @PathId(UUID_RULE) id: string): Promise<WebhookDelivery> {
    return this.redelivery.one(actor, id);
  }
}
