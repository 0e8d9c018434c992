import { duration } from './duration';
import type { HealthFinding, PartRule } from './health-part';

const LONGEST_EVENT_S = 60;
const LONGEST_DUE_S = 600;
const OLDEST_LIST_S = 600;

/** Audit records that become events. */
export const EVENTS_PART: PartRule = {
  name: 'events',
  metrics: ['aegis_outbox_pending', 'aegis_outbox_oldest_seconds'],
  look: (readings) => {
    const oldest = readings.value('aegis_outbox_oldest_seconds') ?? 0;
    if (oldest <= LONGEST_EVENT_S) return [];
    return [
      {
        alarm: 'AegisEventsWait',
        message: `The oldest event has waited ${duration(oldest)} for its position.`,
      },
    ];
  },
};

/** Deliveries of webhooks. */
export const WEBHOOKS_PART: PartRule = {
  name: 'webhooks',
  metrics: [
    'aegis_webhook_deliveries_pending',
    'aegis_webhook_oldest_due_seconds',
    'aegis_webhook_endpoints',
  ],
  look: (readings) => {
    const due = readings.value('aegis_webhook_oldest_due_seconds') ?? 0;
    const failing = readings.value('aegis_webhook_endpoints', ['state', 'failing']) ?? 0;
    const found: HealthFinding[] = [];
    if (due > LONGEST_DUE_S)
      found.push({
        alarm: 'AegisWebhooksWait',
        message: `A delivery of a webhook has been due for ${duration(due)}.`,
      });
    if (failing > 0)
      found.push({
        alarm: 'AegisWebhooksFail',
        message: `${failing} webhook(s) receive nothing: each attempt fails.`,
      });
    return found;
  },
};

/** Signed status lists. */
export const STATUS_LISTS_PART: PartRule = {
  name: 'status_lists',
  metrics: ['aegis_status_list_age_seconds'],
  look: (readings) => {
    const age = readings.value('aegis_status_list_age_seconds') ?? 0;
    if (age <= OLDEST_LIST_S) return [];
    return [{ alarm: 'AegisStatusListsOld', message: `A status list is ${duration(age)} old.` }];
  },
};
