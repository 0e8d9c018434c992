import { ApiProblems, HeldRequests, RequireScopes, Responds } from '@aegis/http';
import { Controller, Get, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import type { EventPage } from '../reading/event-pages';
import { EventPull, isAtTheEnd } from '../reading/event-pull';
import { EventPageDto, PullEventsDto } from './event.dto';

@ApiTags('Events')
@Controller('api/v1/events')
export class EventsController {
  constructor(
    private readonly pull: EventPull,
    private readonly held: HeldRequests,
  ) {}

  @Get()
  @RequireScopes('events:read')
  @ApiOperation({ operationId: 'pullEvents', summary: 'Read events after a position, or wait for the next' })
  @ApiProblems('events_expired', 'position_unknown')
  @Responds(EventPageDto)
  async page(
    @Query() { after, limit, wait, type }: PullEventsDto,
    @Req() request: Request,
  ): Promise<EventPage> {
    const question = { after, limit, types: type?.split(',') };
    const page = await this.pull.read(question);
    if (wait === 0 || !isAtTheEnd(page)) return page;
    return this.held.hold(request, wait, (over) => this.pull.readNext(question, page, over));
  }
}
