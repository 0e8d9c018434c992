import { type CheckpointKeys, judgeCheckpoint } from '../verification/checkpoint-keys';
import { isGivenUp, type KnownCheckpoints } from './known-checkpoints';
import type {
  ChainBase,
  ProvenGroup,
  ShippedChain,
  ShippedSource,
  Unprovable,
  UnreadableLines,
} from './shipped-chain';
import { groupAt, isWhole, textsOf } from './shipped-group';
import type { ShippedRecord } from './shipped-record';
import { readShipped, type ShippedGroup } from './shipped-trail-file';

/** Checkpoints that the database is asked for at once. */
const ASKED_AT_ONCE = 500;
/** Lines that are named at most. */
const MOST_NAMED = 1000;

/** A checkpoint of a file. */
interface AskedCheckpoint {
  group: Omit<ShippedGroup, 'records'>;
  source: ShippedSource;
  isWhole: boolean;
  /** Whether any of its records is there as a text. */
  hasTexts: boolean;
}

/** A checkpoint that the database does not have. */
interface Node {
  group: AskedCheckpoint['group'];
  source: ShippedSource;
  state: 'trusted' | 'compromised' | 'unknown' | 'forged';
  kid: string;
  /** Whether all records are there, and their hashes give the root. */
  isWhole: boolean;
}

/**
 * A trail that was shipped, compared with the end of the database's chain by trusted keys. A checkpoint is proven when
 * a trusted key signed it, or a later one that is proven names it, over links that hold from the database's own end
 * on; its records by the root that it names.
 */
export class ShippedTrail {
  private readonly nodes = new Map<string, Node>();
  /** Those that name a checkpoint as the one before, by its hash. */
  private readonly following = new Map<string | null, Node[]>();
  /** Files with records that belong to no checkpoint. */
  private readonly withLeftOver = new Set<ShippedSource>();
  /** Copies of a checkpoint that follow records that are not all its own. */
  private readonly notItsRecords: Pick<Node, 'source' | 'group'>[] = [];
  private readonly empty: string[] = [];
  private readonly unreadable: UnreadableLines = { count: 0, named: [] };
  /** Checkpoints that were not yet compared with the database. */
  private readonly asked: AskedCheckpoint[] = [];
  private path: Node[] = [];
  private tail: Node[] = [];
  private hasBase = false;
  private last = 0;

  private constructor(
    private readonly keys: CheckpointKeys,
    private readonly base: ChainBase,
    private readonly known: KnownCheckpoints,
  ) {}

  /**
   * Reads files in full, and keeps where each checkpoint is that the database does not have.
   * @param sources files, in any order: parts of a trail, or copies of it
   * @param known what the database says of checkpoints
   */
  static async read(
    sources: readonly ShippedSource[],
    base: ChainBase,
    keys: CheckpointKeys,
    known: KnownCheckpoints,
  ): Promise<{ trail: ShippedTrail; chain: ShippedChain }> {
    const trail = new ShippedTrail(keys, base, known);
    for (const source of sources) await trail.readFile(source);
    await trail.askForAll();
    return { trail, chain: await trail.follow() };
  }

  private async readFile(source: ShippedSource): Promise<void> {
    let hasCheckpoint = false;
    const unreadable: number[] = [];
    let more = 0;
    for await (const part of readShipped(source.read(0))) {
      if (part.kind === 'left_over') this.withLeftOver.add(source);
      else if (part.kind === 'group') {
        hasCheckpoint = true;
        await this.take(source, part.group);
      } else if (unreadable.length < MOST_NAMED) unreadable.push(part.line);
      else more += 1;
    }
    if (!hasCheckpoint) this.empty.push(source.name);
    // A file of something else is named as a whole.
    if (!hasCheckpoint && !this.withLeftOver.has(source)) return;
    this.unreadable.count += unreadable.length + more;
    for (const line of unreadable.slice(0, MOST_NAMED - this.unreadable.named.length))
      this.unreadable.named.push({ file: source.name, line });
  }

  /**
   * The proven checkpoints after the database's end, in their order, with their records, read again from the files.
   * @throws Error when a file is not what it was
   */
  async *proven(): AsyncGenerator<ProvenGroup> {
    for (const node of this.path) {
      const { claims, jws, hash, offset } = node.group;
      const group = await groupAt(node.source, offset, hash);
      if (group === undefined || !isWhole(group))
        throw new Error(`${node.source.name} was changed while it was read`);
      yield {
        number: claims.number,
        jws,
        iat: claims.iat,
        epoch: claims.epoch,
        records: textsOf(group.records),
      };
    }
  }

  /**
   * Gives the records that are not proven: of checkpoints that are neither in the database nor proven, of checkpoints
   * that their key did not sign, and records without a checkpoint. A record without a checkpoint may also be a proven
   * one. Of records whose text was not shipped, only the hash.
   */
  async *unproven(): AsyncGenerator<ShippedRecord> {
    const forged = [...this.nodes.values()].filter(({ state }) => state === 'forged');
    for (const { source, group } of [...this.tail, ...forged, ...this.notItsRecords]) {
      const found = await groupAt(source, group.offset, group.hash);
      for (const record of found?.records ?? []) if (record !== undefined) yield record;
    }
    for (const source of this.withLeftOver)
      for await (const part of readShipped(source.read(0)))
        if (part.kind === 'left_over') yield* part.records;
  }

  private async take(source: ShippedSource, { records, ...group }: ShippedGroup): Promise<void> {
    const { claims, hash } = group;
    this.last = Math.max(this.last, claims.number);
    if (hash === this.base.hash) this.hasBase = true;
    const hasTexts = textsOf(records).length > 0;
    this.asked.push({ source, group, isWhole: isWhole({ ...group, records }), hasTexts });
    if (this.asked.length >= ASKED_AT_ONCE) await this.askForAll();
  }

  private async askForAll(): Promise<void> {
    const asked = this.asked.splice(0);
    if (asked.length === 0) return;
    const known = await this.known.of(
      asked.map(({ group: { claims, hash } }) => ({ number: claims.number, hash })),
    );
    for (const one of asked)
      if (!known.has(one.group.hash)) await this.keep(one);
      else if (one.hasTexts && !one.isWhole) this.notItsRecords.push(one);
  }

  private async keep({ source, group, isWhole: whole }: AskedCheckpoint): Promise<void> {
    const { claims, hash } = group;
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
  private async follow(): Promise<ShippedChain> {
    const reach = this.trustedReach();
    let { hash, number } = this.base;
    let unprovable: Unprovable | undefined;
    for (;;) {
      const next = this.after(hash, number);
      const trusted = next.filter((node) => reach.has(node));
      const [node] = trusted;
      if (node === undefined || trusted.length > 1 || !node.isWhole) {
        unprovable = whyNot(trusted, next);
        break;
      }
      this.path.push(node);
      hash = node.group.hash;
      ({ number } = node.group.claims);
    }
    const proven = new Set(this.path);
    const others = [...this.nodes.values()].filter((node) => !proven.has(node) && node.state !== 'forged');
    // By the chain, not by time: a clock can be set back.
    const givenUp = await this.givenUp(others);
    this.tail = others.filter((node) => !givenUp.has(node)).sort(byNumber);
    const isBehind = this.tail.some(({ group }) => group.claims.number > number);
    if (this.tail.length > 0) unprovable ??= { reason: isBehind ? 'checkpoint_missing' : 'other_chain' };
    return {
      isConnected: this.hasBase || this.path.length > 0,
      provenTo: number,
      last: this.last,
      empty: this.empty,
      unreadable: this.unreadable,
      unprovable,
    };
  }

  /** Those of them that an earlier restore left behind, with a loss that was accepted. */
  private async givenUp(nodes: readonly Node[]): Promise<ReadonlySet<Node>> {
    const found = new Set<Node>();
    if (this.known.losses.length === 0) return found;
    for (const node of nodes.toSorted(byNumber)) {
      const { claims } = node.group;
      const before = this.nodes.get(claims.previous ?? '');
      const continues = before?.group.claims.number === claims.number - 1;
      if (continues ? found.has(before) : await this.beginsGivenUp(claims)) found.add(node);
    }
    return found;
  }

  private async beginsGivenUp({ number, previous, iat }: ShippedGroup['claims']): Promise<boolean> {
    const after = number - 1;
    const isInTrail =
      previous === null
        ? after === 0
        : (await this.known.of([{ number: after, hash: previous }])).has(previous);
    return isInTrail && isGivenUp(this.known.losses, { after, at: iat }, this.base.number);
  }

  /** The checkpoints from which a trusted one can be reached. */
  private trustedReach(): ReadonlySet<Node> {
    const reach = new Set<Node>();
    const highestFirst = [...this.nodes.values()].sort(byNumber).reverse();
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

function byNumber(one: Node, other: Node): number {
  return one.group.claims.number - other.group.claims.number;
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
