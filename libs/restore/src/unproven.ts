import {
  compareWithTrail,
  hasText,
  type SealedRecord,
  type ShippedChain,
  type ShippedRecord,
  type ShippedTrail,
  type Unprovable,
  type UnreadableLines,
} from '@aegis/checkpoints';
import type { EntityManager } from 'typeorm';
import type { Replay } from './replay/replay';
import { isRestriction, otherRestriction } from './replay/restrictions';
import { tookEffect } from './replay/took-effect';
import { NotReconcilable } from './restore.errors';

/** Licenses, or other things, of unproven records that are named at most. */
const MOST_NAMED = 1000;
/** Characters of an id that are shown at most: it is anyone's text. */
const MOST_SHOWN = 200;
/** Records that are compared with the trail at once. */
const AT_ONCE = 200;
/** Hashes that are looked for at once: no index has them. */
const HASHES_AT_ONCE = 50_000;

/** Something that an unproven record takes away: `subject` is the id of what it is taken from. */
export interface UnprovenRestriction {
  record: string;
  type: string;
  subject: string;
  /** Whether that took effect. */
  applied: boolean;
}

/** What was shipped and does not count, since nothing proves it. */
export type Unproven = Unprovable & {
  records: number;
  /** Those of them whose ids other records took: a server wrote after the restore. */
  ids_taken: number;
  /** Those of them of which only the hash was shipped: what they say is not known. */
  without_text: number;
  /** Lines that can't be read, any of which may have been such a record. */
  unreadable: UnreadableLines;
  /** Records that revoke or suspend a license. */
  restrictions: number;
  /** How many of those took effect. */
  restrictions_applied: number;
  /** Ids of those licenses. */
  licenses: string[];
  /** Ids of those on which nothing took effect. */
  licenses_without_effect: string[];
  /** Whether every one of `restrictions` took effect. */
  applied: boolean;
  /** What else they take away; the first of them. */
  other_restrictions: UnprovenRestriction[];
  /** How many that are. */
  others: number;
};

/** What is to be done with them. */
export interface UnprovenOptions {
  unproven?: 'apply' | 'ignore';
  acceptLoss: boolean;
}

/**
 * Names the licenses from which records take validity that nothing proves, and takes it where that is asked for.
 * @returns null where there are no such records
 * @throws NotReconcilable when there are such records, and the caller did not say what to do with them
 */
export async function weighUnproven(
  tx: EntityManager,
  trail: ShippedTrail,
  { unprovable, provenTo, unreadable }: ShippedChain,
  { unproven, acceptLoss }: UnprovenOptions,
  replay: Replay,
): Promise<Unproven | null> {
  const found = new Found(tx, unproven === 'apply' ? replay : undefined);
  let waiting: ShippedRecord[] = [];
  for await (const record of trail.unproven()) {
    waiting.push(record);
    if (waiting.length < AT_ONCE) continue;
    await found.add(waiting);
    waiting = [];
  }
  await found.add(waiting);
  await found.findHashes();
  const { counts } = found;
  if (unprovable === undefined && counts.records === 0 && unreadable.count === 0) return null;
  const why: Unprovable = unprovable ?? {
    reason: counts.records > 0 ? 'records_missing' : 'lines_unreadable',
  };
  if (unproven === undefined && !acceptLoss)
    throw new NotReconcilable(
      `after checkpoint ${provenTo}, ${meaningOf(why)}. ${counts.records} record(s) are not proven, ${counts.restrictions} of which revoke or suspend a license${found.alsoTaken()}${found.alsoSaid()}${namedLines(unreadable)}. With --unproven apply what they revoke, suspend, deactivate, delete, end or declare compromised takes effect; with --unproven ignore nothing does`,
    );
  return { ...why, ...found.result(), unreadable };
}

/** What unproven records take away. */
class Found {
  readonly counts = {
    records: 0,
    ids_taken: 0,
    without_text: 0,
    restrictions: 0,
    restrictions_applied: 0,
    others: 0,
  };
  /** Each with whether anything took effect on it. */
  private readonly licenses = new Map<string, boolean>();
  private readonly named: UnprovenRestriction[] = [];

  private readonly hashes: Buffer[] = [];

  /** @param replay repeats what is applied; undefined where nothing is */
  constructor(
    private readonly tx: EntityManager,
    private readonly replay: Replay | undefined,
  ) {}

  async add(records: readonly ShippedRecord[]): Promise<void> {
    const sealed = records.filter(hasText);
    for (const record of records) if (!hasText(record)) this.hashes.push(record.hash);
    if (this.hashes.length >= HASHES_AT_ONCE) await this.findHashes();
    if (sealed.length === 0) return;
    const states = await compareWithTrail(this.tx, sealed);
    for (const [index, record] of sealed.entries()) {
      if (states[index] === 'here') continue;
      this.counts.records += 1;
      if (states[index] === 'taken') this.counts.ids_taken += 1;
      await this.weigh(record);
    }
  }

  /** Counts those of the records without a text that the trail does not have. */
  async findHashes(): Promise<void> {
    const hashes = this.hashes.splice(0);
    if (hashes.length === 0) return;
    const [row] = await this.tx.query<{ missing: number }[]>(
      `SELECT count(*)::int AS missing FROM unnest($1::bytea[]) AS given (hash)
       WHERE NOT EXISTS (SELECT FROM audit_seals WHERE leaf_hash = given.hash)`,
      [hashes],
    );
    this.counts.records += row?.missing ?? 0;
    this.counts.without_text += row?.missing ?? 0;
  }

  private async weigh({ fields }: SealedRecord): Promise<void> {
    const other = otherRestriction(fields);
    if (other !== undefined) {
      const { isAlone, ...named } = other;
      this.counts.others += 1;
      const applied = isAlone && (await this.apply(fields));
      if (this.named.length < MOST_NAMED)
        this.named.push({ ...named, subject: named.subject.slice(0, MOST_SHOWN), applied });
    }
    if (!isRestriction(fields)) return;
    this.counts.restrictions += 1;
    const applied = await this.apply(fields);
    if (applied) this.counts.restrictions_applied += 1;
    const license = fields.license_id?.slice(0, MOST_SHOWN);
    if (license === undefined || (this.licenses.size >= MOST_NAMED && !this.licenses.has(license))) return;
    this.licenses.set(license, this.licenses.get(license) === true || applied);
  }

  private async apply(fields: SealedRecord['fields']): Promise<boolean> {
    if (this.replay === undefined) return false;
    return (await this.replay.repeat(fields)) && (await tookEffect(this.tx, fields));
  }

  alsoTaken(): string {
    if (this.counts.others === 0) return '';
    const names = this.named.map(({ type, subject }) => `${type} ${JSON.stringify(subject)}`);
    return `, and ${this.counts.others} take something else away: ${names.join(', ')}`;
  }

  alsoSaid(): string {
    const { ids_taken, without_text } = this.counts;
    return [
      ids_taken > 0
        ? `. The ids of ${ids_taken} were taken by records that were written after the restore`
        : '',
      without_text > 0 ? `. Of ${without_text} only the hash was shipped` : '',
    ].join('');
  }

  result(): Omit<Unproven, keyof Unprovable | 'kid' | 'unreadable'> {
    const { counts } = this;
    return {
      ...counts,
      licenses: [...this.licenses.keys()],
      licenses_without_effect: [...this.licenses].filter(([, applied]) => !applied).map(([id]) => id),
      applied: this.replay !== undefined && counts.restrictions_applied === counts.restrictions,
      other_restrictions: this.named,
    };
  }
}

function namedLines({ count, named }: UnreadableLines): string {
  if (count === 0) return '';
  const lines = named.map(({ file, line }) => `${JSON.stringify(file)} line ${line}`);
  const more = count > named.length ? `, and ${count - named.length} more` : '';
  return `. ${count} line(s) can't be read, and each may be such a record: ${lines.join(', ')}${more}`;
}

function meaningOf(unprovable: Unprovable): string {
  switch (unprovable.reason) {
    case 'key_not_held':
      return `${unprovable.kid}, which signed what was shipped, is not among the keys: give it with --keys`;
    case 'checkpoint_compromised':
      return `shipped checkpoints are signed by ${unprovable.kid} after that key was compromised`;
    case 'checkpoint_forged':
      return 'a shipped checkpoint is not signed by the key that it names';
    case 'records_missing':
      return 'records were shipped without their checkpoint, or a checkpoint without its records';
    case 'checkpoint_missing':
      return 'a checkpoint is missing: give every file of the sink';
    case 'chain_forked':
      return 'two different chains of checkpoints were shipped, both signed by trusted keys';
    case 'other_chain':
      return 'checkpoints were shipped that the database does not have: it has others with their numbers';
    case 'lines_unreadable':
      return 'lines were shipped that are neither records nor checkpoints';
  }
}
