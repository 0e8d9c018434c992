import { PemSigner } from '@aegis/signing';
import { generateKeyPairSync } from 'node:crypto';
import { Readable } from 'node:stream';
import { checkpointHash, signCheckpoint } from '../checkpoint';
import { leafHash, rootHash } from '../tree/merkle-tree';
import type { CheckpointKeys } from '../verification/checkpoint-keys';
import type { AcceptedLoss } from './known-checkpoints';
import { hasText } from './shipped-record';
import type { ShippedChain, ShippedSource } from './shipped-chain';
import { ShippedTrail } from './shipped-trail';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const signer = new PemSigner('k1', privateKey, publicKey);
const keys: CheckpointKeys = (kid) => Promise.resolve(kid === 'k1' ? { publicKey } : undefined);

/** A checkpoint with its record, as a file has them. */
interface Link {
  number: number;
  iat: number;
  jws: string;
  hash: string;
  /** Id of its record. */
  id: string;
  lines: string[];
}

async function link(before: Link | undefined, id: string, iat: number): Promise<Link> {
  const leaf = JSON.stringify([
    ...['aegis-audit-1', id, '2026-11-29T00:00:00.000Z', 'license.revoked', null, null, null, null],
    ...['system', null, null, '{}', null],
  ]);
  const number = (before?.number ?? 0) + 1;
  const jws = await signCheckpoint(signer, {
    ...{ number, epoch: 1, size: 1, root: rootHash([leafHash(leaf)]).toString('base64url') },
    ...{ previous: before?.hash ?? null, complete_to: null, iat },
  });
  return { number, iat, jws, hash: checkpointHash(jws), id, lines: [leaf, jws] };
}

/** @param times of the checkpoints; the ids of their records continue */
async function chain(before: Link | undefined, first: number, ...times: number[]): Promise<Link[]> {
  const links: Link[] = [];
  for (const [index, iat] of times.entries())
    links.push(await link(links.at(-1) ?? before, String(first + index), iat));
  return links;
}

const fileOf = (...lines: string[]): ShippedSource => ({
  name: 'a file',
  read: (start) =>
    Readable.from([Buffer.from(`${lines.join('\n')}\n`).subarray(start)]) as AsyncIterable<Buffer>,
});
const linesOf = (links: readonly Link[]): string[] => links.flatMap(({ lines }) => lines);

/** @param trail that the database has */
async function read(
  trail: readonly Link[],
  files: readonly ShippedSource[],
  losses: readonly AcceptedLoss[] = [],
  setAside: readonly Link[] = [],
): Promise<{ chain: ShippedChain; proven: number[]; unproven: string[] }> {
  const { number, hash, iat } = trail.at(-1)!;
  const known = new Set([...trail, ...setAside].map((one) => one.hash));
  const { trail: shipped, chain: found } = await ShippedTrail.read(files, { number, hash, iat }, keys, {
    losses,
    of: (checkpoints) =>
      Promise.resolve(new Set(checkpoints.map((one) => one.hash).filter((one) => known.has(one)))),
  });
  const proven: number[] = [];
  for await (const group of shipped.proven()) proven.push(group.number);
  const unproven: string[] = [];
  for await (const record of shipped.unproven()) if (hasText(record)) unproven.push(record.fields.id);
  return { chain: found, proven, unproven };
}

describe('what a shipped trail has beyond the database', () => {
  let own: Link[];
  beforeAll(async () => {
    own = await chain(undefined, 1, 1000, 1001, 1002);
  });

  it('is named behind a gap, also where the clock was set back', async () => {
    const later = await chain(own.at(-1), 4, 500, 501, 502);
    const found = await read(own, [fileOf(...linesOf(own), ...linesOf(later.slice(1)))]);
    expect(found).toMatchObject({ proven: [], unproven: ['5', '6'] });
    expect(found.chain.unprovable).toEqual({ reason: 'checkpoint_missing' });
  });

  it('is proven without a gap, also where the clock was set back', async () => {
    const later = await chain(own.at(-1), 4, 500, 501, 502);
    const found = await read(own, [fileOf(...linesOf(own), ...linesOf(later))]);
    expect(found).toMatchObject({ proven: [4, 5, 6], unproven: [] });
    expect(found.chain.unprovable).toBeUndefined();
  });

  it('is named when the database has other checkpoints with the same numbers', async () => {
    const lost = await chain(own[1], 3, 1002, 1003);
    const instead = await chain(own[1], 30, 1010, 1011, 1012);
    const trail = [...own.slice(0, 2), ...instead];
    const found = await read(trail, [
      fileOf(...linesOf(own.slice(0, 2)), ...linesOf(lost)),
      fileOf(...linesOf(trail)),
    ]);
    expect(found).toMatchObject({ proven: [], unproven: ['3', '4'] });
    expect(found.chain).toMatchObject({ isConnected: true, unprovable: { reason: 'other_chain' } });
  });

  it('is named when an earlier checkpoint is in its place', async () => {
    const [lost] = await chain(own.at(-1), 4, 1003);
    const found = await read(own, [fileOf(...linesOf(own), lost!.lines[0]!, own[1]!.jws)]);
    expect(found.unproven).toEqual(['4']);
  });

  describe('is not named', () => {
    let lost: Link[];
    let trail: Link[];
    let file: ShippedSource;
    beforeAll(async () => {
      lost = await chain(own.at(-1), 4, 2000, 2001, 2002, 2003);
      trail = [...own, ...(await chain(own.at(-1), 40, 1500, 1501))];
      file = fileOf(...linesOf(own), ...linesOf(lost), ...linesOf(trail.slice(3)));
    });

    it('if `aegis audit resume` set it aside', async () => {
      const found = await read(trail, [file], [], lost);
      expect(found).toMatchObject({ proven: [], unproven: [] });
      expect(found.chain.unprovable).toBeUndefined();
    });

    it('if a loss was accepted at the checkpoint before it, no matter what time it has', async () => {
      const found = await read(trail, [file], [{ to: 3, at: 1499 }]);
      expect(found).toMatchObject({ proven: [], unproven: [] });
      expect(found.chain.unprovable).toBeUndefined();
    });
  });

  it('is named if the loss was accepted at another checkpoint, no matter what time it has', async () => {
    const lost = await chain(own[1], 3, 900, 901);
    const trail = [...own, ...(await chain(own.at(-1), 40, 1500))];
    const found = await read(trail, [fileOf(...linesOf(lost), ...linesOf(trail))], [{ to: 3, at: 1499 }]);
    expect(found.unproven).toEqual(['3', '4']);
  });

  it('is named by file and line if it cannot be read, unless a crash cut it short and it was written again', async () => {
    const later = await chain(own.at(-1), 4, 1003);
    const [leaf, jws] = later[0]!.lines as [string, string];
    const file = fileOf(
      ...linesOf(own),
      leaf.slice(0, 40),
      '["aegis-audit-1","x"]',
      leaf,
      jws.slice(0, 90),
      leaf,
      jws,
    );
    const found = await read(own, [file]);
    expect(found.proven).toEqual([4]);
    expect(found.chain.unreadable).toEqual({ count: 1, named: [{ file: 'a file', line: 8 }] });
  });
});
