import { InvalidSeats, readSeats, type SeatTerms } from '@aegis/activations';
import type { LeafFields } from '@aegis/checkpoints';
import { brokenEntitlementRules, type Entitlements } from '@aegis/license-token';
import { RecordNotReplayable } from '../restore.errors';

/** A record as it is replayed. */
export interface ReplayedRecord {
  id: string;
  type: string;
  /** When it was recorded, RFC 3339 in UTC. */
  at: string;
  /** When it happened elsewhere, for what was imported. */
  occurredAt: string | null;
  licenseId: string | null;
  customerId: string | null;
  moduleName: string | null;
  data: RecordData;
}

/** @throws RecordNotReplayable when `event_data` is not an object */
export function replayed(fields: LeafFields): ReplayedRecord {
  return {
    id: fields.id,
    type: fields.event_type,
    at: fields.recorded_at,
    occurredAt: fields.occurred_at,
    licenseId: fields.license_id,
    customerId: fields.customer_id,
    moduleName: fields.module_name,
    data: new RecordData(fields),
  };
}

/** `event_data` of a record. Each reader throws RecordNotReplayable where the record has something else. */
export class RecordData {
  private readonly values: Readonly<Record<string, unknown>>;

  constructor({ event_data }: Pick<LeafFields, 'event_data'>) {
    // A record that was shipped is read only if its data are JSON; the database has no others.
    const values: unknown = JSON.parse(event_data);
    if (typeof values !== 'object' || values === null) throw unfit('event_data');
    this.values = values as Readonly<Record<string, unknown>>;
  }

  text(name: string): string {
    return this.textOrNull(name) ?? this.refuse(name);
  }

  textOrNull(name: string): string | null {
    const value = this.values[name] ?? null;
    return value === null || typeof value === 'string' ? value : this.refuse(name);
  }

  number(name: string): number {
    return this.numberOrNull(name) ?? this.refuse(name);
  }

  numberOrNull(name: string): number | null {
    const value = this.values[name] ?? null;
    return value === null || Number.isSafeInteger(value) ? (value as number | null) : this.refuse(name);
  }

  texts(name: string): string[] {
    const value = this.values[name];
    return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : this.refuse(name);
  }

  /** @returns none where the record does not name any, as those of earlier versions */
  textsOrNone(name: string): string[] {
    return this.values[name] === undefined ? [] : this.texts(name);
  }

  /** @returns null where the record does not name any, as those of earlier versions */
  seats(name: string): SeatTerms | null {
    const value = this.values[name] ?? null;
    try {
      return value === null ? null : readSeats(value, name);
    } catch (error) {
      throw error instanceof InvalidSeats ? unfit(name) : error;
    }
  }

  /** @returns none where the record does not name any, as those of earlier versions */
  entitlements(): Entitlements {
    const value = this.values.entitlements ?? {};
    return brokenEntitlementRules(value).length === 0 ? (value as Entitlements) : this.refuse('entitlements');
  }

  /** @returns undefined where the record does not say it, as those of earlier versions */
  flag(name: string): boolean | undefined {
    const value = this.values[name];
    return typeof value === 'boolean' ? value : undefined;
  }

  private refuse(name: string): never {
    throw unfit(name);
  }
}

function unfit(name: string): RecordNotReplayable {
  return new RecordNotReplayable(`it does not say what \`${name}\` was`);
}
