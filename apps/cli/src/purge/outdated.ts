import {
  countEndedActivations,
  countOldSeatDays,
  removeEndedActivations,
  removeOldSeatDays,
} from '@aegis/activations';
import { addressesDueUntil, countAddresses, forgetAddresses } from '@aegis/audit';
import type { Environment } from '@aegis/config';
import { type Removal, removeInBatches } from '@aegis/database';
import { countOldEvents, removeOldEvents } from '@aegis/events';
import { countExpiredAnswers, removeExpiredAnswers } from '@aegis/idempotency';
import { countExpiredSessions, removeExpiredSessions } from '@aegis/sessions';
import { SigningReplicas } from '@aegis/signing';
import {
  countOldActivity,
  countOldValidationCounts,
  removeOldActivity,
  removeOldValidationCounts,
} from '@aegis/statistics';
import { countOldAnswers, countOldDeliveries, emptyOldAnswers, removeOldDeliveries } from '@aegis/webhooks';
import type { INestApplicationContext } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** One kind of data that is kept for a time only. */
interface Outdated {
  /** In the JSON document. */
  name: string;
  /** For people, after a number. */
  label: string;
  /** Counts what is due; changes nothing. */
  count: () => Promise<number>;
  /** Removes it as the server's job does. @param goesOn whether to remove more, asked before each part */
  remove: (goesOn: () => boolean) => Promise<Removal>;
}

/** All that the server's jobs remove from the database. Rate limits are counted in memory or in Redis. */
export function outdatedOf(services: INestApplicationContext, environment: Environment): Outdated[] {
  const dataSource = services.get(DataSource);
  const replicas = services.get(SigningReplicas, { strict: false });
  const { AUDIT_IP_RETENTION_DAYS: days, EVENTS_RETENTION_DAYS: eventDays } = environment;
  return [
    {
      name: 'audit_addresses',
      label: `IP address(es) of audit records older than ${days} day(s)`,
      count: async () => countAddresses(dataSource, await addressesDueUntil(dataSource, days)),
      remove: async (goesOn) => {
        const until = await addressesDueUntil(dataSource, days);
        const before = await countAddresses(dataSource, until);
        const complete = await forgetAddresses(dataSource, days, goesOn);
        return { removed: before - (await countAddresses(dataSource, until)), complete };
      },
    },
    {
      name: 'expired_answers',
      label: 'remembered answer(s) of Idempotency-Key older than 24 hours',
      count: () => countExpiredAnswers(dataSource),
      remove: (goesOn) => removeExpiredAnswers(dataSource, goesOn),
    },
    {
      name: 'expired_sessions',
      label: 'session(s) that have expired, or were not used for two hours',
      count: () => countExpiredSessions(dataSource),
      remove: (goesOn) => removeExpiredSessions(dataSource, goesOn),
    },
    {
      name: 'validation_counts',
      label: 'count(s) of validations older than 25 hours',
      count: () => countOldValidationCounts(dataSource),
      remove: async () => ({ removed: await removeOldValidationCounts(dataSource), complete: true }),
    },
    {
      name: 'activity_counts',
      label: 'count(s) of activity by the hour, older than 400 days',
      count: () => countOldActivity(dataSource),
      remove: async () => ({ removed: await removeOldActivity(dataSource), complete: true }),
    },
    {
      name: 'ended_activations',
      label: 'activation(s) that ended more than 90 days ago, and of which no token counts any longer',
      count: () => countEndedActivations(dataSource),
      remove: (goesOn) => removeEndedActivations(dataSource, goesOn),
    },
    {
      name: 'seat_days',
      label: 'day(s) of a license with its peak of seats, more than 90 days ago',
      count: () => countOldSeatDays(dataSource),
      remove: (goesOn) => removeOldSeatDays(dataSource, goesOn),
    },
    {
      name: 'events',
      label: `event(s) older than ${eventDays} day(s)`,
      count: () => countOldEvents(dataSource, eventDays),
      remove: (goesOn) => removeOldEvents(dataSource, eventDays, goesOn),
    },
    {
      name: 'webhook_deliveries',
      label: 'delivery(ies) of events that were removed, or of webhooks that were deleted',
      count: () => countOldDeliveries(dataSource, eventDays),
      remove: (goesOn) => removeOldDeliveries(dataSource, goesOn),
    },
    {
      name: 'webhook_answers',
      label: 'text(s) of failed answers to webhooks, older than 7 days or about a customer that was removed',
      count: () => countOldAnswers(dataSource),
      remove: (goesOn) => emptyOldAnswers(dataSource, goesOn),
    },
    {
      name: 'signing_replicas',
      label: 'row(s) of server processes that ended long ago',
      count: () => replicas.countStale(),
      remove: (goesOn) =>
        removeInBatches(
          goesOn,
          () => replicas.clearStale(),
          () => replicas.countStale(),
        ),
    },
  ];
}
