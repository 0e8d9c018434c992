import type { LeafFields } from '../tree/leaf';
import { leafHash, rootHash } from '../tree/merkle-tree';
import { type CheckpointKeys, judgeCheckpoint } from '../verification/checkpoint-keys';
import type { ShippedRecord } from './shipped-records';
import { readShippedGroups, type ShippedGroup } from './shipped-trail-file';

/** What of a trail that was shipped counts. */
export interface ShippedSource {
  /** For people. */
  name: string;
  /** @param start byte to begin with */
  read(start: number): AsyncIterable<Buffer>;
}

/** The end of the database's own chain. */
export interface ChainBase {
  /** Number of its last checkpoint; 0 without checkpoints. */
  number: number;
  /** Of that checkpoint; null without checkpoints. */
  hash: string | null;
  /** When its records were read, seconds since 1970; 0 without checkpoints. */
  iat: number;
}

/** A record that was shipped. */
export interface SealedRecord {
  fields: LeafFields;
  hash: Buffer;
}

/** A checkpoint that follows the database's own, with every record that it seals. */
export interface ProvenGroup {
  number: number;
  jws: string;
  /** When its records were read, seconds since 1970. */
  iat: number;
  epoch: number;
  records: SealedRecord[];
}

/** Why a checkpoint that was shipped, and those after it, do not count. */
export type Unprovable =
  | { reason: 'key_not_held'; kid: string }
  | { reason: 'checkpoint_compromised'; kid: string }
  /** The key that it names did not sign it. */
  | { reason: 'checkpoint_forged' }
  /** Records were not shipped with it, as by versions before, or only as a hash. */
  | { reason: 'records_missing' }
  /** A later one is there, and one in between is not. */
  | { reason: 'checkpoint_missing' }
  /** Two different checkpoints follow, and each is continued by a trusted key. */
  | { reason: 'chain_forked' };

/** What the files of a shipped trail say beyond the database. */
export interface ShippedChain {
  /** Whether they have the checkpoint with which the database ends, or any that follows it. */
  isConnected: boolean;
  /** Number of the last checkpoint that is proven; that of the database where none is. */
  provenTo: number;
  /** The highest number of a checkpoint in the files; 0 without checkpoints. */
  last: number;
  /** Names of files without a checkpoint. */
  empty: string[];
  /** Why nothing after `provenTo` counts; undefined where nothing comes after it. */
  unprovable?: Unprovable;
}

interface Node {
  group: Omit<ShippedGroup, 'records'>;
  source: ShippedSource;
  state: 'trusted' | 'compromised' | 'unknown' | 'forged';
  kid: string;
  /** Whether all records are there, and their hashes give the root. */
  isWhole: boolean;
}

/**
 * A trail that was shipped, held against the end of the database's chain by trusted keys. A checkpoint is proven when a
 * trusted key signed it, or a later one that is proven names it, over links that hold from the database's own end on; its
 * records by the root that it names.
 */
export class ShippedTrail {
  private readonly nodes = new Map<string, Node>();
  /** Those that name a checkpoint as the one before, by its hash. */
  private readonly following = new Map<string | null, Node[]>();
  private readonly leftOver: ShippedRecord[] = [];
  /** Copies of a checkpoint behind records that are not all of its own. */
  private readonly notItsRecords: Pick<Node, 'source' | 'group'>[] = [];
  private readonly empty: string[] = [];
  private path: Node[] = [];
  private tail: Node[] = [];
  private hasBase = false;
  private last = 0;

  private constructor(
    private readonly keys: CheckpointKeys,
    private readonly base: ChainBase,
  ) {}

  /**
   * Reads files in full, and keeps of each checkpoint after the database's end where it is.
   * @param sources files, in any order: parts of a trail, or copies of it
   */
  static async read(
    sources: readonly ShippedSource[],
    base: ChainBase,
    keys: CheckpointKeys,
  ): Promise<{ trail: ShippedTrail; chain: ShippedChain }> {
    const trail = new ShippedTrail(keys, base);
    for (const source of sources) {
      const groups = readShippedGroups(source.read(0), 0, (records) => trail.leftOver.push(...records));
      let isEmpty = true;
      for await (const group of groups) {
        isEmpty = false;
        await trail.take(source, group);
      }
      if (isEmpty) trail.empty.push(source.name);
    }
    return { trail, chain: trail.follow() };
  }

  /**
   * The proven checkpoints after the database's end, in their order, with their records, read again from the files.
   * @throws Error when a file is not what it was
   */
  async *proven(): AsyncGenerator<ProvenGroup> {
    for (const node of this.path) {
      const { claims, jws, hash, offset } = node.group;
      const group = await groupAt(node.source, offset, hash);
      const records = group?.records.map(asSealed);
      if (group === undefined || records === undefined || !isWhole(group))
        throw new Error(`${node.source.name} was changed while it was read`);
      yield {
        number: claims.number,
        jws,
        iat: claims.iat,
        epoch: claims.epoch,
        records: records.filter((record) => record !== undefined),
      };
    }
  }

  /**
   * Records that are not proven: of checkpoints after the proven ones, of those that their key did not sign, and those that
   * belong to no checkpoint. The latter can be among the proven ones too.
   */
  async *unproven(): AsyncGenerator<LeafFields> {
    const forged = [...this.nodes.values()].filter(({ state }) => state === 'forged');
    for (const { source, group } of [...this.tail, ...forged, ...this.notItsRecords]) {
      const found = await groupAt(source, group.offset, group.hash);
      for (const record of found?.records ?? []) {
        const sealed = asSealed(record);
        if (sealed !== undefined) yield sealed.fields;
      }
    }
    for (const record of this.leftOver) {
      const sealed = asSealed(record);
      if (sealed !== undefined) yield sealed.fields;
    }
  }

  private async take(source: ShippedSource, { records, ...group }: ShippedGroup): Promise<void> {
    const { claims, hash } = group;
    this.last = Math.max(this.last, claims.number);
    if (hash === this.base.hash) this.hasBase = true;
    if (claims.number <= this.base.number) return;
    const whole = isWhole({ ...group, records });
    const known = this.nodes.get(hash);
    if (known !== undefined) {
      if (!whole) this.notItsRecords.push({ source, group });
      if (known.isWhole || !whole) return;
      this.notItsRecords.push({ source: known.source, group: known.group });
      Object.assign(known, { source, group, isWhole: true });
      return;
    }
    const judged = await judgeCheckpoint(group.jws, this.keys);
    const state = judged.state === 'unrecorded' ? 'unknown' : judged.state;
    const kid = judged.state === 'forged' ? '' : judged.kid;
    const node: Node = { group, source, state, kid, isWhole: whole };
    this.nodes.set(hash, node);
    const siblings = this.following.get(claims.previous);
    if (siblings === undefined) this.following.set(claims.previous, [node]);
    else siblings.push(node);
  }

  /** Finds the way from the database's end to the last trusted checkpoint. */
  private follow(): ShippedChain {
    const reach = this.trustedReach();
    let { hash, number, iat } = this.base;
    let unprovable: Unprovable | undefined;
    for (;;) {
      const next = this.after(hash, number);
      const proven = next.filter((node) => reach.has(node));
      const [node] = proven;
      if (node === undefined || proven.length > 1 || !node.isWhole) {
        unprovable = whyNot(proven, next);
        break;
      }
      this.path.push(node);
      hash = node.group.hash;
      ({ number, iat } = node.group.claims);
    }
    // What an earlier break set aside has numbers that may be higher, and is older.
    this.tail = [...this.nodes.values()]
      .filter(
        ({ group, state }) => group.claims.number > number && group.claims.iat >= iat && state !== 'forged',
      )
      .sort((one, other) => one.group.claims.number - other.group.claims.number);
    if (this.tail.length > 0) unprovable ??= { reason: 'checkpoint_missing' };
    return {
      isConnected: this.hasBase || this.path.length > 0,
      provenTo: number,
      last: this.last,
      empty: this.empty,
      unprovable,
    };
  }

  /** The checkpoints from which a trusted one can be reached. */
  private trustedReach(): ReadonlySet<Node> {
    const reach = new Set<Node>();
    const highestFirst = [...this.nodes.values()].sort(
      (one, other) => other.group.claims.number - one.group.claims.number,
    );
    for (const node of highestFirst) {
      const { hash, claims } = node.group;
      const isContinued = this.after(hash, claims.number).some((next) => reach.has(next));
      if (node.state !== 'forged' && (node.state === 'trusted' || isContinued)) reach.add(node);
    }
    return reach;
  }

  private after(hash: string | null, number: number): Node[] {
    return (this.following.get(hash) ?? []).filter(({ group }) => group.claims.number === number + 1);
  }
}

function whyNot(proven: readonly Node[], next: readonly Node[]): Unprovable | undefined {
  if (proven.length > 1) return { reason: 'chain_forked' };
  const [node] = proven.length > 0 ? proven : next;
  if (node === undefined) return undefined;
  if (proven.length > 0) return { reason: 'records_missing' };
  switch (node.state) {
    case 'forged':
      return { reason: 'checkpoint_forged' };
    case 'compromised':
      return { reason: 'checkpoint_compromised', kid: node.kid };
    case 'trusted':
    case 'unknown':
      return { reason: 'key_not_held', kid: node.kid };
  }
}

async function groupAt(
  source: ShippedSource,
  offset: number,
  hash: string,
): Promise<ShippedGroup | undefined> {
  for await (const group of readShippedGroups(source.read(offset), offset)) {
    if (group.hash === hash) return group;
    // Several may be in one line, all with its offset.
    if (group.offset > offset) return undefined;
  }
  return undefined;
}

/** Whether every record is there as a text, and their hashes give the root. */
function isWhole({ claims, records }: Pick<ShippedGroup, 'claims' | 'records'>): boolean {
  const sealed = records.map(asSealed).filter((record) => record !== undefined);
  return (
    sealed.length === claims.size &&
    records.length === claims.size &&
    rootHash(sealed.map(({ hash }) => hash)).toString('base64url') === claims.root
  );
}

/** @returns undefined for what is not a record, or only the hash of one */
function asSealed(record: ShippedRecord | undefined): SealedRecord | undefined {
  if (record === undefined || !('leaf' in record)) return undefined;
  const fields = fieldsOfLeaf(record.leaf);
  return fields && { fields, hash: leafHash(record.leaf) };
}

/** @returns undefined when the text is not a leaf */
function fieldsOfLeaf(leaf: string): LeafFields | undefined {
  const [format, ...values] = JSON.parse(leaf) as unknown[];
  const isText = (value: unknown): value is string => typeof value === 'string';
  if (format !== 'aegis-audit-1' || !values.every((value) => value === null || isText(value)))
    return undefined;
  const [id, recorded_at, event_type, license_id, customer_id, module_name, api_key_id, actor] = values;
  const [user_agent, request_id, event_data, occurred_at] = values.slice(8);
  if (![id, recorded_at, event_type, actor, event_data].every(isText)) return undefined;
  return {
    id,
    recorded_at,
    event_type,
    license_id,
    customer_id,
    module_name,
    api_key_id,
    actor,
    user_agent,
    request_id,
    event_data,
    occurred_at,
  } as LeafFields;
}
