import { integer, property, assert as forAll } from 'fast-check';
import { auditPath, auditPaths, leafHash, rootFromPath, rootHash } from './merkle-tree';

/** The leaves and roots of the Certificate Transparency reference implementation. */
const LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((leaf) => leafHash(Buffer.from(leaf, 'hex')));
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

const sized = (size: number) => Array.from({ length: size }, (_, index) => leafHash(`leaf ${index}`));

describe('the Merkle tree', () => {
  it('has the roots of the known answers', () => {
    expect(rootHash([]).toString('hex')).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    for (const [index, root] of ROOTS.entries())
      expect(rootHash(LEAVES.slice(0, index + 1)).toString('hex')).toBe(root);
  });

  it('has the audit paths of the known answers', () => {
    const path = (index: number, size: number) =>
      auditPath(LEAVES.slice(0, size), index).map((hash) => hash.toString('hex'));
    expect(path(0, 1)).toEqual([]);
    expect(path(0, 8)).toEqual([
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ]);
    expect(path(2, 3)).toEqual(['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']);
  });

  it('proves each leaf, and only at its own place', () => {
    forAll(
      property(integer({ min: 1, max: 70 }), integer({ min: 0, max: 69 }), (size, any) => {
        const leaves = sized(size);
        const index = any % size;
        const path = auditPath(leaves, index);
        expect(auditPaths(leaves)[index]).toEqual(path);
        const root = rootHash(leaves);
        const leaf = leaves[index]!;
        expect(rootFromPath(leaf, index, size, path)).toEqual(root);
        expect(rootFromPath(leafHash('another'), index, size, path)).not.toEqual(root);
        if (size > 1) {
          expect(rootFromPath(leaf, (index + 1) % size, size, path)).not.toEqual(root);
          expect(rootFromPath(leaf, index, size, path.slice(1))).not.toEqual(root);
        }
        expect(rootFromPath(leaf, index, size, [...path, leaf])).not.toEqual(root);
      }),
    );
  });

  it.each([-1, 3, 0.5, NaN])('has no leaf at %s', (index) => {
    expect(() => auditPath(sized(3), index)).toThrow(RangeError);
    expect(rootFromPath(leafHash('leaf 0'), index, 3, [])).toBeUndefined();
  });

  it('leads from the last leaf to the root, but not from a place after it', () => {
    const leaves = Array.from({ length: 5 }, (_, index) => leafHash(String(index)));
    const last = leaves[4]!;
    const path = auditPath(leaves, 4);
    expect(rootFromPath(last, 4, 5, path)).toEqual(rootHash(leaves));
    for (const index of [5, 6, 8, -1, 4.5]) expect(rootFromPath(last, index, 5, path)).toBeUndefined();
  });
});
