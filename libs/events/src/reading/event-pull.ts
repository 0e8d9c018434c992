import { Injectable } from '@nestjs/common';
import { type EventPage, EventPages, type EventQuestion } from './event-pages';
import { PositionWatch } from './position-watch';

/** Gives events to who asks for them, also those that come while he waits. */
@Injectable()
export class EventPull {
  constructor(
    private readonly pages: EventPages,
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
}

/** Whether a page is empty, and there are no later events yet. */
export function isAtTheEnd({ events, has_more }: EventPage): boolean {
  return events.length === 0 && !has_more;
}
