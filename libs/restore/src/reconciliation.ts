import { type Actor, AuditLog } from '@aegis/audit';
import {
  type ChainBase,
  type CheckpointKeys,
  readChainBase,
  type ShippedChain,
  type ShippedSource,
  ShippedTrail,
  type Unprovable,
} from '@aegis/checkpoints';
import { limitStatements } from '@aegis/database';
import type { DataSource, EntityManager } from 'typeorm';
import { leapSequences, type Leapt } from './leap-sequences';
import { type NotReplayed, Replay, type Replayed } from './replay/replay';
import { isRestriction, otherRestriction } from './replay/restrictions';
import { NotReconcilable } from './restore.errors';
import { importGroup } from './trail-import';

/** Licenses of unproven records that are named at most. */
const MOST_NAMED = 1000;

export interface ReconcileOptions {
  /** What was shipped; none where there is nothing. */
  shipped: readonly ShippedSource[];
  keys: CheckpointKeys;
  /**
   * What to do with records that nothing proves. `apply`: revocations, suspensions, deactivated customers, deleted API keys
   * and compromised signing keys take effect; nothing that gives validity does. `ignore`: they are left out. Undefined: they are a refusal.
   */
  unproven?: 'apply' | 'ignore';
  /** Whether to continue without what was shipped, or with a part of it. */
  acceptLoss: boolean;
  /** Whether to continue without proven records that can't be replayed; else they are a refusal. */
  skipUnreplayable: boolean;
  /** Does all but keep it. */
  dryRun: boolean;
}

/** What was shipped and does not count, since nothing proves it. */
export type Unproven = Unprovable & {
  records: number;
  /** Records that revoke or suspend a license. */
  restrictions: number;
  /** Ids of those licenses. */
  licenses: string[];
  /** Whether they took effect. */
  applied: boolean;
  /** What else it takes away, each with whether that took effect: `subject` is the id of what it is taken from. */
  other_restrictions: { record: string; type: string; subject: string; applied: boolean }[];
};

/** What became of a restored database. */
export interface Reconciled extends Replayed {
  /** Why the restore was noted. */
  reason: string;
  /** Number of the last checkpoint that the restored database had. */
  after: number;
  /** Number of the last one that it has now. */
  to: number;
  checkpoints: number;
  /** Records that were put into the trail again. */
  records: number;
  /** Names of given files that do not have a checkpoint: they may not be what was meant. */
  files_without_checkpoints: string[];
  /** What was shipped and is not proven; null where nothing was. */
  unproven: Unproven | null;
  /** Where ids and places begin now; null in a dry run. */
  next: Leapt | null;
}

/** Undoes a dry run. */
class NothingWritten extends Error {
  constructor(readonly reconciled: Reconciled) {
    super('Nothing was written.');
  }
}

/**
 * Brings a restored database to what the shipped trail proves, in one transaction: the records and checkpoints that it
 * lacks, and what they say of customers, licenses, tokens and keys. Needs the role that owns the schema, and that no
 * server runs.
 */
export class Reconciliation {
  constructor(private readonly owner: DataSource) {}

  /**
   * @returns undefined when there is nothing to do: the last restore is reconciled
   * @throws NotReconcilable when no restore is noted, or what was shipped does not prove enough; nothing is written then
   */
  async run(actor: Actor, options: ReconcileOptions): Promise<Reconciled | undefined> {
    const base = await readChainBase(this.owner.manager);
    if ((await openRestore(this.owner.manager)) === undefined) return undefined;
    const { trail, chain } = await ShippedTrail.read(options.shipped, base, options.keys);
    assertConnected(base, chain, options.acceptLoss);
    try {
      return await this.owner.transaction(async (tx) => {
        const reconciled = await reconcile(tx, actor, { base, trail, chain, options });
        if (options.dryRun) throw new NothingWritten(reconciled);
        return reconciled;
      });
    } catch (error) {
      if (error instanceof NothingWritten) return error.reconciled;
      throw error;
    }
  }
}

interface Parties {
  base: ChainBase;
  trail: ShippedTrail;
  chain: ShippedChain;
  options: ReconcileOptions;
}

async function reconcile(
  tx: EntityManager,
  actor: Actor,
  { base, trail, chain, options }: Parties,
): Promise<Reconciled> {
  await limitStatements(tx, { statementMs: 0, idleInTransactionMs: 0 });
  const restore = await openRestore(tx);
  const now = await readChainBase(tx);
  if (restore === undefined || now.hash !== base.hash)
    throw new NotReconcilable('it was changed while the files were read; run it again');
  // First, so that this transaction alone may write to the trail.
  await tx.query('UPDATE restores SET reconciled_at = clock_timestamp() WHERE id = $1', [restore.id]);
  const replay = new Replay(tx);
  const imported = await importAll(tx, trail, replay);
  assertAllReplayed(replay.done.not_replayed, options.skipUnreplayable);
  const unproven = await weighUnproven(tx, trail, chain, options, replay);
  await tx.query('UPDATE restores SET loss_accepted = $2 WHERE id = $1', [
    restore.id,
    options.acceptLoss || unproven !== null,
  ]);
  // What was undone would still have leapt.
  const next = options.dryRun ? null : await leapSequences(tx, unproven === null && chain.isConnected);
  await alignShipments(tx);
  const reconciled: Reconciled = {
    reason: restore.reason,
    after: base.number,
    to: chain.provenTo,
    ...imported,
    files_without_checkpoints: chain.empty,
    unproven,
    ...replay.done,
    next,
  };
  if (options.dryRun) return reconciled;
  await new AuditLog().append(tx, {
    type: 'audit_log.restored',
    actor,
    data: {
      after: base.number,
      to: chain.provenTo,
      ...imported,
      changes: replay.done.changes,
      unproven: unproven && {
        reason: unproven.reason,
        restrictions: unproven.restrictions,
        other_restrictions: unproven.other_restrictions.length,
        applied: unproven.applied,
      },
      accepted_loss: options.acceptLoss,
      not_replayed: replay.done.not_replayed.length,
    },
  });
  return reconciled;
}

/** @returns the restore that is not reconciled; undefined when the last one is @throws NotReconcilable when none is noted */
async function openRestore(tx: EntityManager): Promise<{ id: string; reason: string } | undefined> {
  const rows = await tx.query<{ id: string; reason: string; is_open: boolean }[]>(
    'SELECT id, reason, reconciled_at IS NULL AS is_open FROM restores ORDER BY id DESC LIMIT 1',
  );
  const [last] = rows;
  if (last === undefined) throw new NotReconcilable('no restore is noted. `aegis restore begin` notes one');
  return last.is_open ? last : undefined;
}

function assertConnected(base: ChainBase, { isConnected }: ShippedChain, acceptLoss: boolean): void {
  if (isConnected || acceptLoss) return;
  throw new NotReconcilable(
    base.number === 0
      ? 'nothing that was shipped follows the beginning of the trail, where the database ends. With --accept-loss what came after it is given up'
      : `what was shipped does not have checkpoint ${base.number}, with which the database ends: it is of another database, or lacks a part. With --accept-loss what came after it is given up`,
  );
}

/** @throws NotReconcilable that names all of them */
function assertAllReplayed(failed: readonly NotReplayed[], skipUnreplayable: boolean): void {
  if (failed.length === 0 || skipUnreplayable) return;
  const named = failed.map(
    ({ id, type, license_id, reason }) =>
      `record ${id} (${JSON.stringify(type)}${license_id === null ? '' : `, license ${license_id}`}): ${reason}`,
  );
  throw new NotReconcilable(
    `${failed.length} proven record(s) can't be replayed. With --skip-unreplayable they have no effect, revocations among them: ${named.join('; ')}`,
  );
}

function meaningOf(unprovable: Unprovable): string {
  switch (unprovable.reason) {
    case 'key_not_held':
      return `${unprovable.kid}, which signed what was shipped, is not among the keys: give it with --keys`;
    case 'checkpoint_compromised':
      return `what was shipped is signed by ${unprovable.kid} after that key was compromised`;
    case 'checkpoint_forged':
      return 'what was shipped is not signed by the key that it names';
    case 'records_missing':
      return 'records were shipped without their checkpoint, or a checkpoint without its records';
    case 'checkpoint_missing':
      return 'a checkpoint is missing: give every file of the sink';
    case 'chain_forked':
      return 'two different chains of checkpoints were shipped, both signed by trusted keys';
  }
}

async function importAll(
  tx: EntityManager,
  trail: ShippedTrail,
  replay: Replay,
): Promise<{ checkpoints: number; records: number }> {
  // It compares a checkpoint with now.
  await tx.query('ALTER TABLE audit_checkpoints DISABLE TRIGGER audit_checkpoints_true');
  let checkpoints = 0;
  let records = 0;
  for await (const group of trail.proven()) {
    const missing = await importGroup(tx, group);
    for (const record of missing) await replay.repeat(record);
    checkpoints += 1;
    records += missing.length;
  }
  await tx.query('ALTER TABLE audit_checkpoints ENABLE TRIGGER audit_checkpoints_true');
  return { checkpoints, records };
}

/**
 * Names the licenses from which records take validity that nothing proves, and takes it where that is asked for.
 * @throws NotReconcilable when there are such records, and the caller did not say what to do with them
 */
async function weighUnproven(
  tx: EntityManager,
  trail: ShippedTrail,
  { unprovable, provenTo }: ShippedChain,
  { unproven, acceptLoss }: ReconcileOptions,
  replay: Replay,
): Promise<Reconciled['unproven']> {
  const licenses = new Set<string>();
  const applied = unproven === 'apply';
  const counts = { records: 0, restrictions: 0 };
  const others: Unproven['other_restrictions'] = [];
  for await (const record of trail.unproven()) {
    if (await isInTrail(tx, record.id)) continue;
    counts.records += 1;
    const other = otherRestriction(record);
    if (other !== undefined) {
      const { isAlone, ...named } = other;
      others.push({ ...named, applied: applied && isAlone });
      if (applied && isAlone) await replay.repeat(record);
    }
    if (!isRestriction(record)) continue;
    counts.restrictions += 1;
    if (record.license_id !== null && licenses.size < MOST_NAMED) licenses.add(record.license_id);
    if (applied) await replay.repeat(record);
  }
  if (unprovable === undefined && counts.records === 0) return null;
  const why: Unprovable = unprovable ?? { reason: 'records_missing' };
  if (unproven === undefined && !acceptLoss)
    throw new NotReconcilable(
      `after checkpoint ${provenTo}, ${meaningOf(why)}. ${counts.records} record(s) come after it, ${counts.restrictions} of which revoke or suspend a license${alsoTaken(others)}. With --unproven apply what they revoke, suspend, deactivate, delete or declare compromised takes effect; with --unproven ignore nothing does`,
    );
  return { ...why, ...counts, licenses: [...licenses], applied, other_restrictions: others };
}

function alsoTaken(others: Unproven['other_restrictions']): string {
  if (others.length === 0) return '';
  return `, and ${others.length} take something else away: ${others.map(({ type, subject }) => `${type} ${JSON.stringify(subject)}`).join(', ')}`;
}

async function isInTrail(tx: EntityManager, id: string): Promise<boolean> {
  const [row] = await tx.query<{ here: boolean }[]>(
    'SELECT EXISTS (SELECT FROM audit_logs WHERE id = $1) AS here',
    [id],
  );
  return row?.here === true;
}

/** What a sink has acknowledged beyond the end that the trail has now is given up. */
async function alignShipments(tx: EntityManager): Promise<void> {
  const { number, hash } = await readChainBase(tx);
  await tx.query(
    `UPDATE audit_shipments SET acknowledged = $1, acknowledged_hash = $2
     WHERE acknowledged > $1 OR (acknowledged = $1 AND acknowledged_hash IS DISTINCT FROM $2)`,
    [number, hash],
  );
}
