import { ApiProblems, HeldRequests, PathId, RateLimiter, RequireScopes, Responds } from '@aegis/http';
import { UUID_RULE } from '@aegis/field-rules';
import { Controller, Post, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { EndpointTest } from '../endpoints/endpoint-test';
import type { Attempt } from '../sending/attempt';
import { WebhookTestDto } from './webhook-test.dto';

/** Longer than an attempt lasts. */
const LONGEST_SECONDS = 15;

const asAnswer = ({ outcome, status, latencyMs, error }: Attempt): WebhookTestDto => ({
  outcome,
  status,
  latency_ms: latencyMs,
  error,
});

@ApiTags('Webhooks')
@Controller('api/v1/admin/webhooks')
@RequireScopes('webhooks:manage')
export class WebhookTestController {
  constructor(
    private readonly tests: EndpointTest,
    private readonly limiter: RateLimiter,
    private readonly held: HeldRequests,
  ) {}

  @Post(':id/test')
  @ApiOperation({
    operationId: 'testWebhook',
    summary: 'Send a signed `webhook.test` now, also to a disabled webhook, and answer how it was taken',
  })
  @ApiProblems('webhook_not_found', 'secrets_key_missing', 'webhook_keys_unreadable', 'service_unavailable')
  @Responds(WebhookTestDto, { description: 'Sent, or tried', from: asAnswer })
  async test(
    @PathId(UUID_RULE) id: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Attempt> {
    const endpoint = await this.tests.find(id);
    await this.limiter.chargeWebhookTest(response, id);
    return this.held.hold(request, LONGEST_SECONDS, (over) => this.tests.send(endpoint, over));
  }
}
