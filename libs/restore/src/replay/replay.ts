import type { LeafFields } from '@aegis/checkpoints';
import type { EntityManager } from 'typeorm';
import { LostSeats } from './lost-activations';
import { endActivationAgain, holdForFile } from './replay-activations';
import { whyNotReplayed } from './why-not-replayed';
import { changeCustomer, createCustomer, removeCustomer } from './replay-customers';
import { repeatNotice } from './replay-notices';
import { changeSigningKey, repeatApiKeyDeletion } from './replay-keys';
import { changeState, createLicense, replaceToken } from './replay-licenses';
import { changeSeats } from './replay-seats';
import { deleteWebhookAgain, disableWebhookAgain, type NamedWebhook } from './replay-webhooks';
import { replayed, type ReplayedRecord } from './record-data';

/** Ids of one kind that are named at most. */
const MOST_NAMED = 1000;

/** An API key that is not what it was before the restore. */
export interface NamedApiKey {
  id: string;
  name: string;
  /**
   * `deleted`: deleted again. `rotated`: its former secret counts again, the newer one does not. `created`: it is gone.
   * `updated`: its scopes, limits or end are the former ones.
   */
  what: 'deleted' | 'rotated' | 'created' | 'updated';
}

/** A record that could not be replayed. */
export interface NotReplayed {
  /** Of the record. */
  id: string;
  type: string;
  license_id: string | null;
  reason: string;
}

/** What was replayed. */
export interface Replayed {
  /** Records that changed something, by their type. */
  changes: Record<string, number>;
  /** Ids of customers that were made again: named `restored`, without details. */
  customers_restored: string[];
  /** Ids of customers whose details were changed: they have the former ones. */
  customers_outdated: string[];
  /** Ids of licenses whose notes were changed: they have the former ones. */
  notes_outdated: string[];
  api_keys: NamedApiKey[];
  webhooks: NamedWebhook[];
  /** Kids of the signing keys in which trust was withdrawn. */
  keys_compromised: string[];
  /** Records that could not be replayed, all of them: each can be a revocation. */
  not_replayed: NotReplayed[];
}

/** Repeats what records say, in their order, in one transaction. */
export class Replay {
  readonly done: Replayed = {
    changes: {},
    customers_restored: [],
    customers_outdated: [],
    notes_outdated: [],
    api_keys: [],
    webhooks: [],
    keys_compromised: [],
    not_replayed: [],
  };

  /** Activations that the records name and the database does not have. */
  readonly lostSeats = new LostSeats();

  constructor(private readonly tx: EntityManager) {}

  /**
   * Repeats a record, or notes in `not_replayed` why that is not possible; it has no effect then. A proven record is not
   * always one that a server wrote: the server's role of the database can add any, and it is sealed.
   * @returns whether it was repeated
   */
  async repeat(fields: LeafFields): Promise<boolean> {
    const { id, event_type: type, license_id } = fields;
    if (type === 'activation.admitted') this.lostSeats.admitted(fields);
    const apply = this.applierOf(type);
    if (apply === undefined) return false;
    let isRepeated = false;
    await this.tx.query('SAVEPOINT record');
    try {
      isRepeated = await apply(replayed(fields));
      if (isRepeated) this.done.changes[type] = (this.done.changes[type] ?? 0) + 1;
      else this.done.not_replayed.push({ id, type, license_id, reason: 'its license does not exist' });
    } catch (error) {
      const reason = whyNotReplayed(error);
      if (reason === undefined) throw error;
      await this.tx.query('ROLLBACK TO SAVEPOINT record');
      this.done.not_replayed.push({ id, type, license_id, reason });
    }
    await this.tx.query('RELEASE SAVEPOINT record');
    return isRepeated;
  }

  /** @returns undefined for what changes nothing; else what repeats a record, and says whether its license is there */
  private applierOf(type: string): ((record: ReplayedRecord) => Promise<boolean>) | undefined {
    const { tx, done } = this;
    switch (type) {
      case 'license.issued':
      case 'license.imported':
        return (record) => createLicense(tx, record).then(() => true);
      case 'license.renewed':
      case 'license.reissued':
        return (record) => replaceToken(tx, record);
      case 'license.revoked':
      case 'license.suspended':
      case 'license.reinstated':
        return (record) => changeState(tx, record);
      case 'license.seats_changed':
        return (record) => changeSeats(tx, record);
      case 'activation.file_made':
        return async (record) => {
          const until = record.data.text('offline_until');
          if (!(await holdForFile(tx, record, until))) this.lostSeats.gotFile(record, until);
          return true;
        };
      case 'activation.ended':
      case 'activation.taken_over':
        return async (record) => {
          const id = await endActivationAgain(tx, record);
          if (id !== null) this.lostSeats.ended(id);
          return true;
        };
      case 'license.expiring':
      case 'license.in_grace':
      case 'license.expired':
        return (record) => repeatNotice(tx, record);
      case 'license.updated':
        return ({ licenseId }) =>
          said(() => {
            name(done.notes_outdated, licenseId);
          });
      case 'customer.created':
        return async (record) => {
          if (await createCustomer(tx, record)) name(done.customers_restored, record.customerId);
          return true;
        };
      case 'customer.updated':
        return async (record) => {
          if (await changeCustomer(tx, record)) name(done.customers_outdated, record.customerId);
          return true;
        };
      case 'customer.deleted':
        return (record) => removeCustomer(tx, record).then(() => true);
      case 'api_key.deleted':
        return async (record) => {
          await repeatApiKeyDeletion(tx, record);
          return said(() => {
            nameKey(done.api_keys, record, 'deleted');
          });
        };
      case 'api_key.rotated':
        return (record) =>
          said(() => {
            nameKey(done.api_keys, record, 'rotated');
          });
      case 'api_key.created':
        return (record) =>
          said(() => {
            nameKey(done.api_keys, record, 'created');
          });
      case 'api_key.updated':
        return (record) =>
          said(() => {
            nameKey(done.api_keys, record, 'updated');
          });
      case 'webhook.deleted':
        return async (record) => {
          await deleteWebhookAgain(tx, record);
          return said(() => {
            nameWebhook(done.webhooks, record, 'deleted');
          });
        };
      case 'webhook.disabled':
      case 'webhook.updated':
        return async (record) => {
          const disables = type === 'webhook.disabled' || record.data.flag('is_active') === false;
          if (disables) await disableWebhookAgain(tx, record);
          return said(() => {
            nameWebhook(done.webhooks, record, disables ? 'disabled' : 'updated');
            if (disables && changesMore(record)) nameWebhook(done.webhooks, record, 'updated');
          });
        };
      case 'webhook.rotated':
        return (record) =>
          said(() => {
            nameWebhook(done.webhooks, record, 'rotated');
          });
      case 'webhook.created':
        return (record) =>
          said(() => {
            nameWebhook(done.webhooks, record, 'created');
          });
      default:
        if (!type.startsWith('signing_key.')) return undefined;
        return async (record) => {
          await changeSigningKey(tx, record);
          if (type === 'signing_key.compromised') name(done.keys_compromised, record.data.text('kid'));
          return true;
        };
    }
  }
}

function said(note: () => void): Promise<boolean> {
  note();
  return Promise.resolve(true);
}

function name(list: string[], id: string | null): void {
  if (id !== null && list.length < MOST_NAMED && !list.includes(id)) list.push(id);
}

function nameKey(list: NamedApiKey[], { data }: ReplayedRecord, what: NamedApiKey['what']): void {
  const key = { id: data.text('id'), name: data.text('name'), what };
  if (list.length < MOST_NAMED) list.push(key);
}

function nameWebhook(list: NamedWebhook[], { data }: ReplayedRecord, what: NamedWebhook['what']): void {
  const webhook = { id: data.text('id'), origin: data.text('origin'), what };
  if (list.length < MOST_NAMED) list.push(webhook);
}

function changesMore({ data }: ReplayedRecord): boolean {
  return data.textsOrNone('fields').some((field) => field !== 'is_active');
}
