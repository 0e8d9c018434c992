import { inFile } from './fault.mjs';

export default {
  area: 'events',
  suites: [
    'apps/cli/src/purge/purge.spec.ts',
    'libs/events/src/sequencing/event-sequencer.spec.ts',
    'test/e2e/events/every-change.spec.ts',
    'test/e2e/events/pull.spec.ts',
  ],
  faults: [
    ...inFile('libs/events/src/sequencing/event-sequencer.ts', [
      ['gives places while another process does', 'if (lock?.held !== true) return [];', ''],
      [
        'makes events of types that it does not know',
        'WHERE record.event_type = ANY ($1)',
        'WHERE $1 IS NOT NULL',
      ],
      [
        'takes the records in any order',
        'ORDER BY noted.record_id, noted.recorded_at',
        'ORDER BY noted.record_id DESC',
      ],
      ['gives places to the first batch alone', 'if (types.length < most) break;', 'break;'],
      ['tries the same again, however often it fails', 'Math.max(1, Math.floor(most / FEWER))', 'most'],
      ['makes few at once forever', 'this.atOnce = Math.min(AT_ONCE, most * 2);', 'this.atOnce = most;'],
    ]),
    ...inFile('libs/events/src/sequencing/event-of-record.ts', [
      [
        'says what the catalogue does not admit',
        'value !== undefined && form.holds(value)',
        'value !== undefined',
      ],
      [
        'says when it was written, not when it happened',
        'source.occurred_at ?? source.recorded_at',
        'new Date(0)',
      ],
    ]),
    ...inFile('libs/events/src/sequencing/event-id.ts', [
      ['makes one id for all records of a moment', ':${recordId}:', ':'],
    ]),
    ...inFile('migrations/1764280000000-add-events.ts', [
      ['makes no event of a deletion', "['created', 'updated', 'deleted'].map", "['created', 'updated'].map"],
      ['makes events of what an import writes', "NOT (NEW.event_data ? 'imported_from')", 'true'],
      ['does not move what is forgotten', 'SET forgotten = until', 'SET forgotten = forgotten'],
      [
        'removes events that are to be kept',
        'numbered_at < now() - make_interval',
        'numbered_at < now() + make_interval',
      ],
    ]),
    ...inFile('libs/events/src/reading/event-pages.ts', [
      [
        'answers the event that is known already',
        'WHERE position > $1::bigint ORDER BY',
        'WHERE position >= $1::bigint ORDER BY',
      ],
      ['hides that events were removed', 'if (after < forgotten)', 'if (after < 0)'],
      ['refuses the last position that was removed', 'if (after < forgotten)', 'if (after <= forgotten)'],
      ['waits for what was never given', 'if (after > last)', 'if (after < 0)'],
      ['skips events for which a page has no room', 'events.length < found', 'false'],
      ['skips events beyond the limit', 'events.length === limit ||', ''],
      ['skips events beyond what it has looked through', 'horizon ?? last', 'last'],
      [
        'looks through all events',
        '$1::bigint ORDER BY position LIMIT ${LOOKED_THROUGH}',
        '$1::bigint ORDER BY position',
      ],
      ['answers as much as there is', 'event.bytes <= ${MOST_BYTES}', 'true'],
      ['answers nothing where the first event is too large', 'event.number = 1 OR ', ''],
    ]),
    ...inFile('libs/events/src/reading/event-pull.ts', [
      ['begins again where it began', 'after: page.last_position', 'after: question.after'],
      ['waits for one event, of whatever type', 'while (isAtTheEnd(page)', 'if (isAtTheEnd(page)'],
    ]),
    ...inFile('libs/events/src/reading/position-watch.ts', [
      ['wakes nobody', 'outcome > waiter.position', 'outcome < waiter.position'],
      ['does not end a wait', "over.addEventListener('abort', end, { once: true });", ''],
      ['looks once', '    this.timer = undefined;\n    this.lookLater();', '    this.lookLater();'],
    ]),
    ...inFile('libs/http/src/limits/held-requests.ts', [
      ['waits for who has left', "response.once('close', end);", ''],
      ['keeps the place of who has left', 'giveBack();', ''],
      ['lets those who wait keep others out', 'work?.pause();', ''],
      ['answers a key that has ended', 'await this.judgeAgain(request);', ''],
      ['lets a stopping server wait', 'for (const end of this.ends) end();', ''],
      ['waits for longer than the connection', 'this.environment.HTTP_IDLE_TIMEOUT_MS / 2', 'seconds * 1000'],
    ]),
  ],
};
