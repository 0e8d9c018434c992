import { SYSTEM } from '@aegis/audit';
import { Trail } from '../../../../test/support/trail/trail';
import { checkpointHash, type CheckpointClaims, readCheckpoint, signCheckpoint } from '../checkpoint';
import { readRecordedKeys } from './trail-verification';
import { TrailResume } from './trail-resume';

describe('what genuine checkpoints say is complete', () => {
  let trail: Trail;

  beforeEach(async () => {
    trail = await Trail.open();
    await trail.sealed();
  });
  afterEach(() => trail.close());

  const seconds = (): number => Math.floor(Date.now() / 1000);
  const resume = async (after: number): Promise<object> =>
    new TrailResume(trail.superuser, await readRecordedKeys(trail.superuser)).resume(SYSTEM, after);

  /** Signs the chain again with the server's own key, with other claims in its checkpoints, in their order. */
  async function signWith(...changes: Partial<CheckpointClaims>[]): Promise<void> {
    let previous: string | null = null;
    for (const [index, jws] of (await trail.checkpoints()).entries()) {
      const claims: CheckpointClaims = { ...readCheckpoint(jws)!, ...changes[index], previous };
      const signed = await signCheckpoint(trail.keyRing.active(), claims);
      previous = checkpointHash(signed);
      await trail.tamper(`UPDATE audit_checkpoints SET jws = '${signed}' WHERE number = ${index + 1}`);
    }
  }

  describe('up to a time in the future', () => {
    it('is named, makes no record look backdated, and is set aside with the checkpoints that repeat it', async () => {
      const future = seconds() + 250_000_000;
      await signWith({}, {}, { complete_to: future });
      await trail.append(1, 60);
      await trail.sealAll();
      await trail.append(1, 61);
      await trail.sealAll();
      const carried = (await trail.checkpoints()).slice(3).map((jws) => readCheckpoint(jws)!.complete_to);
      expect(carried.length).toBeGreaterThan(0);
      expect(new Set(carried)).toEqual(new Set([future]));
      expect(await trail.findings()).toEqual([{ kind: 'complete_to_false', checkpoint: 3 }]);

      await expect(resume(3)).rejects.toThrow(/checkpoint 4 follows, and it is valid/);
      await expect(resume(1)).rejects.toThrow(/checkpoint 2 follows, and it is valid/);
      expect(await resume(2)).toMatchObject({ after: 2, epoch: 2 });
      await trail.append(1, 62);
      await trail.sealAll();
      await trail.append(1, 63);
      await trail.sealAll();
      expect(await trail.findings()).toEqual([]);
      for (const { complete_to, iat } of (await trail.checkpoints()).map((jws) => readCheckpoint(jws)!))
        expect(complete_to ?? 0).toBeLessThanOrEqual(iat);
    });

    it('can be set aside even if it is the first', async () => {
      await signWith({ complete_to: seconds() + 250_000_000 });
      expect(await trail.findings()).toEqual([{ kind: 'complete_to_false', checkpoint: 1 }]);
      await resume(0);
      await trail.sealAll();
      expect(await trail.findings()).toEqual([]);
    });

    it('is never written by the sealer, which continues after the clock was ahead', async () => {
      const [, , last] = (await trail.checkpoints()).map((jws) => readCheckpoint(jws)!);
      await signWith({}, {}, { iat: last!.iat + 86_400 });
      await trail.tamper(
        `UPDATE audit_checkpoints SET read_at = read_at + interval '1 day' WHERE number = 3`,
      );
      for (const first of [60, 61, 62]) {
        await trail.append(1, first);
        await trail.sealAll();
      }
      const since = (await trail.checkpoints()).slice(3).map((jws) => readCheckpoint(jws)!);
      expect(since.length).toBeGreaterThan(1);
      for (const { complete_to, iat } of since) expect(complete_to ?? 0).toBeLessThanOrEqual(iat);
      expect(await trail.findings()).toEqual([]);
    });

    it('does not include a time that was true before the clock was set back', async () => {
      const then = seconds() - 3600;
      await signWith({}, { complete_to: then }, { complete_to: then, iat: then - 60 });
      expect(await trail.findings()).toEqual([]);
      await expect(resume(2)).rejects.toThrow(/checkpoint 3 follows, and it is valid/);
    });
  });

  describe('when one says less than the previous one', () => {
    const then = seconds() - 1800;
    const backdated = `INSERT INTO audit_logs (recorded_at, event_type, actor, customer_id)
      VALUES (now() - interval '1 hour', 'license.revoked', 'system', 'C-past')`;

    it.each([
      ['a second less', then - 1],
      ['the beginning of time', 0],
      ['nothing', null],
    ])('it is named, and records are judged by what is proven: it says %s', async (_, complete_to) => {
      await trail.tamper(`DO $$ BEGIN EXECUTE format(
        'CREATE TABLE audit_logs_past PARTITION OF audit_logs FOR VALUES FROM (''2020-01-01Z'') TO (%L)',
        date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'); END $$`);
      await signWith({}, { complete_to: then }, { complete_to });
      const named = { kind: 'complete_to_decreased', checkpoint: 3 };
      expect(await trail.findings()).toEqual([named]);
      expect(await trail.findings([], 3)).toEqual([named]);
      await trail.tamper(backdated);
      const added = { kind: 'record_added', record: await trail.idOf('C-past') };
      expect(await trail.findings()).toEqual([named, added]);
      expect(await trail.findings([], 3)).toEqual([named, added]);
    });

    it('a backdated record that a later checkpoint seals is named', async () => {
      await signWith({}, { complete_to: seconds() + 3600, iat: seconds() + 3600 }, { complete_to: 0 });
      await trail.append(1, 60);
      await trail.sealAll();
      expect(await trail.findings()).toContainEqual({
        kind: 'record_backdated',
        record: await trail.idOf('C-60'),
        checkpoint: 4,
      });
    });

    it('it can be set aside', async () => {
      await signWith({}, { complete_to: then }, { complete_to: then - 1 });
      expect(await resume(2)).toMatchObject({ after: 2, checkpoints_set_aside: 1 });
      await trail.sealAll();
      expect(await trail.findings()).toEqual([]);
    });

    it('what the server seals is never named, also after the clock was set back', async () => {
      await signWith({}, { complete_to: then }, { complete_to: then });
      for (const first of [60, 61, 62]) {
        await trail.append(1, first);
        await trail.sealAll();
      }
      expect(await trail.findings()).toEqual([]);
      const said = (await trail.checkpoints()).map((jws) => readCheckpoint(jws)!.complete_to ?? 0);
      expect(said).toEqual(said.toSorted((one, other) => one - other));
    });
  });
});
