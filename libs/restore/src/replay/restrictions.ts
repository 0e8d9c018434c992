import type { LeafFields } from '@aegis/checkpoints';
import { RecordNotReplayable } from '../restore.errors';
import { type RecordData, replayed } from './record-data';

/** What a record takes away, besides the validity of a single license. */
export interface OtherRestriction {
  /** Id of the record. */
  record: string;
  type: string;
  /** Id of the customer, API key, license, activation or webhook, or kid of the signing key. */
  subject: string;
  /** Whether it takes effect where unproven restrictions are applied: it takes something away, and does nothing else. */
  isAlone: boolean;
}

/** Whether a record takes validity away from a license, and does nothing else. */
export function isRestriction({ event_type: type }: Pick<LeafFields, 'event_type'>): boolean {
  return type === 'license.revoked' || type === 'license.suspended';
}

/** @returns undefined for a record that takes nothing away, or does not say what it takes away */
export function otherRestriction(fields: LeafFields): OtherRestriction | undefined {
  const { id: record, event_type: type, license_id, customer_id } = fields;
  try {
    const { data } = replayed(fields);
    switch (type) {
      case 'customer.updated': {
        if (customer_id === null || !data.texts('fields').includes('is_active')) return undefined;
        // Records of earlier versions do not say which of the two it was.
        const isActive = data.flag('is_active');
        if (isActive === true) return undefined;
        return { record, type, subject: customer_id, isAlone: isActive === false };
      }
      case 'customer.deleted':
        return customer_id === null ? undefined : { record, type, subject: customer_id, isAlone: false };
      case 'api_key.deleted':
        return { record, type, subject: data.text('id'), isAlone: true };
      case 'signing_key.compromised':
        return { record, type, subject: data.text('kid'), isAlone: true };
      case 'activation.ended': {
        // One that was released, or whose lease was over, lost nothing. All of a license or customer are named by other records.
        const id = data.textOrNull('activation_id');
        if (id === null || data.text('ended_by') !== 'ended') return undefined;
        return { record, type, subject: id, isAlone: true };
      }
      case 'api_key.rotated':
        return { record, type, subject: data.text('id'), isAlone: false };
      case 'api_key.updated':
        return mayNarrow(data) ? { record, type, subject: data.text('id'), isAlone: false } : undefined;
      case 'webhook.deleted':
      case 'webhook.disabled':
        return { record, type, subject: data.text('id'), isAlone: true };
      case 'webhook.rotated':
        return { record, type, subject: data.text('id'), isAlone: false };
      case 'webhook.updated':
        if (data.flag('is_active') !== false) return undefined;
        return { record, type, subject: data.text('id'), isAlone: data.texts('fields').length === 1 };
      case 'license.renewed':
      case 'license.reissued':
        if (license_id === null || data.flag('superseded') !== true) return undefined;
        return { record, type, subject: license_id, isAlone: false };
      default:
        return undefined;
    }
  } catch (error) {
    if (error instanceof RecordNotReplayable) return undefined;
    throw error;
  }
}

/** Fields of an API key whose new value may allow less; a record does not have the former one. */
const NARROWING = ['scopes', 'expires_at', 'previous_valid_until'];

function mayNarrow(data: RecordData): boolean {
  const fields = data.texts('fields');
  return (
    fields.some((field) => NARROWING.includes(field)) ||
    (fields.includes('is_active') && data.flag('is_active') !== true)
  );
}
