import { PemSigner } from '@aegis/signing';
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { Trail } from '../../../../test/support/trail/trail';
import { readCheckpoint, signCheckpoint } from '../checkpoint';
import { ExportVerification, type ExportFinding } from './export-verification';
import type { Finding } from './finding';
import { exportTrail } from '../export/trail-export';
import { TrailVerification } from './trail-verification';
import { type CheckpointKey, type CheckpointKeys, thumbprintOf } from './checkpoint-keys';

function aKey(kid: string): { signer: PemSigner; publicKey: KeyObject } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { signer: new PemSigner(kid, privateKey, publicKey), publicKey };
}

const theseKeys =
  (keys: Readonly<Record<string, CheckpointKey>>): CheckpointKeys =>
  (kid) =>
    Promise.resolve(keys[kid]);

const FAR = 4_000_000_000;

/** The chain of three checkpoints is signed by an old key and by the one that is active. */
describe('a trail that several keys signed', () => {
  let trail: Trail;
  const old = aKey('old');
  const oldThumbprint = thumbprintOf(old.publicKey);
  let active: { kid: string; publicKey: KeyObject };

  beforeEach(async () => {
    trail = await Trail.open();
    await trail.sealed();
    const [jwk] = (await trail.keyRing.jwks()).keys;
    active = { kid: jwk!.kid, publicKey: createPublicKey({ key: { ...jwk }, format: 'jwk' }) };
    await trail.superuser.query(
      `INSERT INTO signing_keys (kid, alg, public_key, state, compromised_at) VALUES ('old', 'EdDSA', $1, 'compromised', now())`,
      [old.publicKey.export({ format: 'jwk' }).x],
    );
  });
  afterEach(() => trail.close());

  const now = (): PemSigner => trail.keyRing.active() as PemSigner;
  const held = (more: Record<string, CheckpointKey> = {}): CheckpointKeys =>
    theseKeys({ [active.kid]: { publicKey: active.publicKey }, ...more });

  async function verify(
    keys: CheckpointKeys | undefined,
    shipped: string[] = [],
  ): Promise<{ found: Finding[]; undetermined: number; signedBy: object[] }> {
    const found: Finding[] = [];
    const { undetermined, signed_by: signedBy } = await new TrailVerification(trail.application, keys).verify(
      (finding) => found.push(finding),
      { shipped },
    );
    return { found, undetermined, signedBy };
  }

  async function verifyExport(
    keys: CheckpointKeys,
    change: (lines: string[]) => string[] = (lines) => lines,
  ): Promise<{ found: ExportFinding[]; undetermined: number; records: number }> {
    const lines: string[] = [];
    await exportTrail(trail.application, {}, (line) => Promise.resolve(void lines.push(line)));
    const found: ExportFinding[] = [];
    const verification = new ExportVerification(keys, { found: (finding) => found.push(finding) });
    const { undetermined, records } = await verification.verify(change(lines));
    return { found, undetermined, records };
  }

  it('is sound with the last key alone, which proves the earlier checkpoints no matter who signed them', async () => {
    await trail.signAgain(old.signer, old.signer, now());
    expect(await verify(held())).toEqual({
      found: [],
      undetermined: 0,
      signedBy: [
        { kid: 'old', thumbprint: oldThumbprint, held: false, checkpoints: 2, from: 1, to: 2 },
        {
          kid: active.kid,
          thumbprint: thumbprintOf(active.publicKey),
          held: true,
          checkpoints: 1,
          from: 3,
          to: 3,
        },
      ],
    });
    expect(await verifyExport(held())).toMatchObject({ found: [], undetermined: 0 });
    expect(await verify(undefined)).toMatchObject({ found: [], undetermined: 0 });
  });

  it('is neither sound nor unsound without the key that signed its end', async () => {
    const chain = await trail.signAgain(now(), old.signer, old.signer);
    const open = { kind: 'key_not_held', checkpoint: 2, to: 3, kid: 'old' };
    expect(await verify(held())).toMatchObject({
      found: [{ ...open, thumbprint: oldThumbprint }],
      undetermined: 1,
    });
    expect(await verify(held(), chain)).toMatchObject({ undetermined: 1, found: [{ kind: 'key_not_held' }] });
    const exported = await verifyExport(held());
    expect(exported).toMatchObject({ found: [open], undetermined: 1 });
    expect(exported.found[0]!.line).toBeGreaterThan(1);
    expect(await verify(held({ old: { publicKey: old.publicKey } }))).toMatchObject({ found: [] });
  });

  it('does not hide a forged checkpoint behind a key that nobody has', async () => {
    const { signer: invented } = aKey('invented');
    await trail.signAgain(now(), now(), invented);
    // It is on no record: no server ever signed with it.
    expect(await verify(held())).toMatchObject({
      found: [{ kind: 'checkpoint_forged', checkpoint: 3 }],
      undetermined: 0,
    });
    const impostor = aKey('old').signer;
    await trail.signAgain(now(), now(), impostor);
    expect((await verify(held())).found).toEqual([{ kind: 'checkpoint_forged', checkpoint: 3 }]);
    // In the middle the next checkpoint does not name it.
    const [, second] = await trail.signAgain(now(), now(), now());
    const forged = await signCheckpoint(old.signer, readCheckpoint(second!)!);
    await trail.tamper(`UPDATE audit_checkpoints SET jws = '${forged}' WHERE number = 2`);
    expect(await verify(held())).toMatchObject({
      found: [
        { kind: 'key_not_held', checkpoint: 2, to: 2, kid: 'old' },
        { kind: 'checkpoint_forged', checkpoint: 3 },
      ],
      undetermined: 1,
    });
  });

  it.each([
    ['is no longer on record', 'gone'],
    ['is on record with another public key', 'old'],
  ])(
    'is sound over checkpoints whose key %s, once a later one of a trusted key names them',
    async (_, kid) => {
      const { signer } = aKey(kid);
      await trail.signAgain(signer, signer, now());
      expect(await verify(held())).toMatchObject({
        found: [],
        undetermined: 0,
        signedBy: [
          { kid, thumbprint: null, held: false },
          { kid: active.kid, held: true },
        ],
      });
      // Nothing that is sealed goes unverified meanwhile.
      await trail.tamper(`UPDATE audit_logs SET actor = 'cli:mallory' WHERE customer_id = 'C-2'`);
      expect((await verify(held())).found).toEqual([
        { kind: 'record_edited', record: await trail.idOf('C-2'), checkpoint: 1 },
      ]);
      await trail.signAgain(now(), signer, signer);
      expect((await verify(held())).found).toEqual(
        expect.arrayContaining([2, 3].map((checkpoint) => ({ kind: 'checkpoint_forged', checkpoint }))),
      );
      const [, second] = await trail.signAgain(now(), now(), now());
      const forged = await signCheckpoint(signer, readCheckpoint(second!)!);
      await trail.tamper(`UPDATE audit_checkpoints SET jws = '${forged}' WHERE number = 2`);
      const { found, undetermined } = await verify(held());
      expect(found.filter(({ kind }) => kind !== 'record_edited')).toEqual(
        [2, 3].map((checkpoint) => ({ kind: 'checkpoint_forged', checkpoint })),
      );
      expect(undetermined).toBe(0);
    },
  );

  it('ignores what a checkpoint says is complete if no key on record signed it', async () => {
    const [, , third] = await trail.checkpoints();
    const claims = { ...readCheckpoint(third!)!, complete_to: FAR, iat: FAR };
    const forged = await signCheckpoint(aKey('invented').signer, claims);
    await trail.tamper(`UPDATE audit_checkpoints SET jws = '${forged}' WHERE number = 3`);
    await trail.append(1, 60);
    expect((await verify(held())).found).toEqual([{ kind: 'checkpoint_forged', checkpoint: 3 }]);
  });

  it.each([
    ['of another number', 'its own key', { number: 7 }],
    ['that an invented key signed', 'invented', { previous: 'A'.repeat(43) }],
  ])('ignores everything that a forged checkpoint says: one %s', async (_, kid, changes) => {
    const signer = kid === 'invented' ? aKey(kid).signer : now();
    for (const index of [0, 1, 2]) {
      const genuine = (await trail.checkpoints())[index]!;
      const replace = (jws: string): Promise<void> =>
        trail.tamper(`UPDATE audit_checkpoints SET jws = '${jws}' WHERE number = ${index + 1}`);
      const claims = { ...readCheckpoint(genuine)!, complete_to: FAR, iat: FAR, ...changes };
      await replace(await signCheckpoint(signer, { ...claims, size: 1 }));
      const { found } = await verify(held());
      expect(new Set(found.map(({ kind }) => kind))).toEqual(new Set(['checkpoint_forged']));
      // As the one before the first that is verified; of those its size alone is trusted.
      await replace(await signCheckpoint(signer, claims));
      const next = { kind: index === 2 ? 'checkpoint_missing' : 'checkpoint_forged', checkpoint: index + 2 };
      expect(await trail.findings([], index + 2)).toEqual([next]);
      await replace(genuine);
    }
  });

  it('names an edited record under a checkpoint whose key is unknown', async () => {
    await trail.signAgain(now(), now(), old.signer);
    await trail.tamper(`UPDATE audit_logs SET actor = 'cli:mallory' WHERE customer_id = 'C-12'`);
    const { found, undetermined } = await verify(held());
    expect(found.map(({ kind }) => kind)).toEqual(['record_edited', 'key_not_held']);
    expect(undetermined).toBe(1);
    expect((await verifyExport(held())).found.map(({ kind }) => kind)).toEqual([
      'record_unproven',
      'export_cut',
      'key_not_held',
    ]);
  });

  it.each([
    ['nothing that it signed is valid', null, true],
    ['what it signed later does not count', 1, true],
    ['what it signed before counts', FAR, false],
  ])('names what a compromised key signed at its end: %s', async (_, after, isFound) => {
    await trail.signAgain(now(), old.signer, old.signer);
    const keys = held({ old: { publicKey: old.publicKey, compromised: { after } } });
    const compromised = { kind: 'checkpoint_compromised', checkpoint: 2, to: 3, kid: 'old' };
    expect(await verify(keys)).toMatchObject({ found: isFound ? [compromised] : [], undetermined: 0 });
    expect(await verifyExport(keys)).toMatchObject({ found: isFound ? [compromised] : [], undetermined: 0 });
    await trail.signAgain(now(), old.signer, now());
    expect((await verify(keys)).found).toEqual([]);
    expect((await verifyExport(keys)).found).toEqual([]);
  });

  it('is compared with what was kept elsewhere, no matter who signed that', async () => {
    const kept = await trail.signAgain(old.signer, old.signer, now());
    expect((await verify(held(), kept)).found).toEqual([]);
    await trail.signAgain(aKey('old').signer, old.signer, now());
    expect((await verify(held(), kept)).found).toEqual(
      expect.arrayContaining([1, 2, 3].map((checkpoint) => ({ kind: 'checkpoint_replaced', checkpoint }))),
    );
    expect((await verify(held(), [kept[2]!.slice(0, -5)])).found).toContainEqual({
      kind: 'shipped_unreadable',
      line: 1,
    });
  });

  it('is not proven over a gap in an export', async () => {
    await trail.signAgain(old.signer, now(), now());
    const without = (lines: string[]): string[] => {
      const at = (number: number): number =>
        lines.findIndex(
          (line) => line.startsWith('{"type":"checkpoint"') && line.includes(`"number":${number},`),
        );
      return [...lines.slice(0, at(2)), ...lines.slice(at(3))];
    };
    const { found } = await verifyExport(held(), without);
    expect(found).toContainEqual(expect.objectContaining({ kind: 'key_not_held', checkpoint: 1, to: 1 }));
  });
});
