import { type Actor, AuditLog } from '@aegis/audit';
import {
  type ChainBase,
  type CheckpointKeys,
  readChainBase,
  readKnownCheckpoints,
  type ShippedChain,
  type ShippedSource,
  ShippedTrail,
} from '@aegis/checkpoints';
import { limitStatements, lockByIdSql } from '@aegis/database';
import type { DataSource, EntityManager } from 'typeorm';
import { endDeliveriesBeforeRestore } from './deliveries-before-restore';
import { leapSequences, type Leapt } from './leap-sequences';
import type { LostActivations } from './replay/lost-activations';
import { type NotReplayed, Replay, type Replayed } from './replay/replay';
import { NotReconcilable } from './restore.errors';
import { importGroup } from './trail-import';
import { type Unproven, weighUnproven } from './unproven';

export interface ReconcileOptions {
  /** What was shipped; none where there is nothing. */
  shipped: readonly ShippedSource[];
  keys: CheckpointKeys;
  /**
   * What to do with records that nothing proves. `apply`: revocations, suspensions, deactivated customers, deleted
   * API keys, compromised signing keys and activations that the vendor ended take effect; nothing that gives validity does.
   * `ignore`: they are left out.
   * Undefined: they are a refusal.
   */
  unproven?: 'apply' | 'ignore';
  /** Whether to continue without what was shipped, or with a part of it. */
  acceptLoss: boolean;
  /** Whether to continue without proven records that can't be replayed; else they are a refusal. */
  skipUnreplayable: boolean;
  /** Does everything, and then undoes it. */
  dryRun: boolean;
}

/** The result of a reconciliation. */
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
  /** Activations that count offline and are not on record. */
  activations_lost: LostActivations;
  /** What was shipped and is not proven; null where nothing was. */
  unproven: Unproven | null;
  /** Deliveries of webhooks that were open at the restored moment, and count as made. */
  deliveries_sent_before: number;
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
    const { trail, chain } = await ShippedTrail.read(
      options.shipped,
      base,
      options.keys,
      await readKnownCheckpoints(this.owner.manager),
    );
    assertConnected(base, chain, options.acceptLoss);
    try {
      return await this.owner.transaction(async (tx) => {
        const reconciled = await reconcile(tx, actor, { base, trail, chain, options });
        if (options.dryRun && reconciled !== undefined) throw new NothingWritten(reconciled);
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

/** Waits for another reconciliation, and then gives no row. */
const LOCK_OPEN_RESTORE = lockByIdSql({
  columns: 'id, reason',
  table: 'restores',
  strength: 'UPDATE',
  where: 'reconciled_at IS NULL',
});

async function reconcile(
  tx: EntityManager,
  actor: Actor,
  { base, trail, chain, options }: Parties,
): Promise<Reconciled | undefined> {
  await limitStatements(tx, { statementMs: 0, idleInTransactionMs: 0 });
  const restore = await lockedRestore(tx);
  if (restore === undefined) return undefined;
  const now = await readChainBase(tx);
  if (now.hash !== base.hash)
    throw new NotReconcilable('it was changed while the files were read; run it again');
  // First, so that this transaction alone may write to the trail.
  await tx.query('UPDATE restores SET reconciled_at = clock_timestamp() WHERE id = $1', [restore.id]);
  const replay = new Replay(tx);
  const imported = await importAll(tx, trail, replay);
  assertAllReplayed(replay.done.not_replayed, options.skipUnreplayable);
  const unproven = await weighUnproven(tx, trail, chain, options, replay);
  await tx.query('UPDATE restores SET loss_accepted = $2, reconciled_to = $3 WHERE id = $1', [
    restore.id,
    options.acceptLoss || unproven !== null,
    chain.provenTo,
  ]);
  // A sequence does not go back when the transaction is undone.
  const next = options.dryRun ? null : await leapSequences(tx, unproven === null && chain.isConnected);
  await alignShipments(tx);
  const deliveries = await endDeliveriesBeforeRestore(tx);
  const reconciled: Reconciled = {
    reason: restore.reason,
    after: base.number,
    to: chain.provenTo,
    ...imported,
    files_without_checkpoints: chain.empty,
    unproven,
    ...replay.done,
    activations_lost: replay.lostSeats.result(),
    deliveries_sent_before: deliveries,
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
        restrictions_applied: unproven.restrictions_applied,
        other_restrictions: unproven.others,
        applied: unproven.applied,
      },
      accepted_loss: options.acceptLoss,
      not_replayed: replay.done.not_replayed.length,
      activations_lost: reconciled.activations_lost.count,
    },
  });
  return reconciled;
}

interface OpenRestore {
  id: string;
  reason: string;
}

/** @returns undefined where another reconciliation was quicker @throws NotReconcilable when none is noted */
async function lockedRestore(tx: EntityManager): Promise<OpenRestore | undefined> {
  const open = await openRestore(tx);
  if (open === undefined) return undefined;
  const [locked] = await tx.query<OpenRestore[]>(LOCK_OPEN_RESTORE, [[open.id]]);
  return locked;
}

/**
 * @returns the restore that is not reconciled; undefined when the last one is reconciled
 * @throws NotReconcilable when no restore is noted
 */
async function openRestore(tx: EntityManager): Promise<OpenRestore | undefined> {
  const rows = await tx.query<(OpenRestore & { is_open: boolean })[]>(
    `SELECT id, reason, reconciled_at IS NULL AS is_open FROM restores ORDER BY id DESC LIMIT 1`,
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
      : `the shipped trail does not have checkpoint ${base.number}, with which the database ends: it is from another database, or a part is missing. With --accept-loss everything after it is given up`,
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

/** What a sink has acknowledged beyond the end that the trail has now is given up. */
async function alignShipments(tx: EntityManager): Promise<void> {
  const { number, hash } = await readChainBase(tx);
  await tx.query(
    `UPDATE audit_shipments SET acknowledged = $1, acknowledged_hash = $2
     WHERE acknowledged > $1 OR (acknowledged = $1 AND acknowledged_hash IS DISTINCT FROM $2)`,
    [number, hash],
  );
}
