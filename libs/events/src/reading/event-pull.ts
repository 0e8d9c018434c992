import { Injectable } from '@nestjs/common';
import { type EndpointPage, EndpointPages, type EndpointQuestion, type SeenPage } from './endpoint-pages';
import { type EventPage, EventPages, type EventQuestion } from './event-pages';
import { PositionWatch } from './position-watch';

/** Gives events to who asks for them, also those that come while he waits. */
@Injectable()
export class EventPull {
  constructor(
    private readonly pages: EventPages,
    private readonly endpointPages: EndpointPages,
    private readonly watch: PositionWatch,
  ) {}

  /**
   * The next events after a position: none where there are none yet.
   * @throws what `EventPages.read` throws
   */
  read(question: EventQuestion): Promise<EventPage> {
    return this.pages.read(question);
  }

  /**
   * The next events after a page that had none, as soon as there are some.
   * @param over ends the wait: the page then has none, either
   * @throws what `EventPages.read` throws
   */
  async readNext(question: EventQuestion, empty: EventPage, over: AbortSignal): Promise<EventPage> {
    let page = empty;
    while (isAtTheEnd(page) && (await this.watch.beyond(page.last_position, over)))
      page = await this.pages.read({ ...question, after: page.last_position });
    return page;
  }

  /**
   * The next events of a webhook after a sequence: none where there are none yet.
   * @throws what `EndpointPages.read` throws
   */
  readOf(question: EndpointQuestion): Promise<SeenPage> {
    return this.endpointPages.read(question);
  }

  /**
   * The next events of a webhook after a page that had none, as soon as there are some.
   * @param over ends the wait: the page then has none, either
   * @throws what `EndpointPages.read` throws
   */
  async readNextOf(question: EndpointQuestion, empty: SeenPage, over: AbortSignal): Promise<EndpointPage> {
    let seen = empty;
    // Every event gets a position, with its delivery in the same transaction.
    while (isAtTheEnd(seen.page) && (await this.watch.beyond(seen.position, over)))
      seen = await this.endpointPages.read({ ...question, after: seen.page.last_sequence });
    return seen.page;
  }
}

/** Whether a page is empty, and there are no later events yet. */
export function isAtTheEnd({ events, has_more }: EventPage | EndpointPage): boolean {
  return events.length === 0 && !has_more;
}
