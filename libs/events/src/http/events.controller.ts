import { ApiProblems, HeldRequests, RequireScopes, Responds } from '@aegis/http';
import { Controller, Get, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { InvalidInput } from '@aegis/errors';
import type { EndpointPage } from '../reading/endpoint-pages';
import type { EventPage } from '../reading/event-pages';
import { EventPull, isAtTheEnd } from '../reading/event-pull';
import { EventPageDto, PullEventsDto } from './event.dto';

const ENDPOINT_FILTERS = 'must be absent with `endpoint`: the webhook has filters of its own';

@ApiTags('Events')
@Controller('api/v1/events')
export class EventsController {
  constructor(
    private readonly pull: EventPull,
    private readonly held: HeldRequests,
  ) {}

  @Get()
  @RequireScopes('events:read')
  @ApiOperation({
    operationId: 'pullEvents',
    summary: 'Read events after a position, or those of a webhook after a sequence, or wait for the next',
  })
  @ApiProblems('webhook_not_found', 'events_expired', 'position_unknown')
  @Responds(EventPageDto)
  page(@Query() query: PullEventsDto, @Req() request: Request): Promise<EventPage | EndpointPage> {
    const { endpoint, type } = query;
    if (endpoint === undefined) return this.ofAll(query, request);
    if (type !== undefined) throw new InvalidInput([{ field: 'type', message: ENDPOINT_FILTERS }]);
    return this.ofEndpoint(endpoint, query, request);
  }

  private async ofAll({ after, limit, wait, type }: PullEventsDto, request: Request): Promise<EventPage> {
    const question = { after, limit, types: type?.split(',') };
    const page = await this.pull.read(question);
    if (wait === 0 || !isAtTheEnd(page)) return page;
    return this.held.hold(request, wait, (over) => this.pull.readNext(question, page, over));
  }

  private async ofEndpoint(
    endpoint: string,
    { after, limit, wait }: PullEventsDto,
    request: Request,
  ): Promise<EndpointPage> {
    const question = { endpoint, after, limit };
    const seen = await this.pull.readOf(question);
    if (wait === 0 || !isAtTheEnd(seen.page)) return seen.page;
    return this.held.hold(request, wait, (over) => this.pull.readNextOf(question, seen, over));
  }
}
