import { act, application, SeatedDatabase } from '../../../../test/support/database/seated-database';
import type { HeldRow } from '../activation-rows';
import type { Admissions } from './admissions';

const codeOf = (error: unknown): string => (error as { code: string }).code;

describe('a seat for an offline file', () => {
  let db: SeatedDatabase;
  let admissions: Admissions<unknown>;

  beforeAll(async () => {
    db = await SeatedDatabase.start();
    ({ admissions } = await db.admissions());
    // So that a file can be made to be over, which the server never does.
    await db.sql.query('ALTER TABLE activations DISABLE TRIGGER activations_final');
  });
  afterAll(() => db.close());

  const admit = async (license: string, fingerprint: string, changes: object = {}): Promise<HeldRow> =>
    (await admissions.admit(application(license, fingerprint, changes))).row;
  const answered = (license: string, fingerprint: string, changes: object = {}): Promise<string> =>
    admit(license, fingerprint, changes).then(({ id }) => id, codeOf);
  /** Days from its admission to a moment of it, at most a second less. */
  const days = ({ admitted_at }: HeldRow, moment: Date | null): number | null =>
    moment && Math.ceil((moment.getTime() - admitted_at.getTime() + 1) / 1000) / 86_400;

  it.each(['fixed', 'floating'])('of a %s license is held until the end of the file', async (mode) => {
    const license = await db.license({ mode, max: 1 });
    const row = await admit(license, 'bunker', { fileDays: 400 });
    expect([row.lease_ends_at, row.offline_until, row.token_ends_at].map((end) => days(row, end))).toEqual([
      400, 400, 400,
    ]);
    expect(row.token_ends_at.getTime() % 1000).toBe(0);
    const [seen] = await db.activations(license);
    expect(seen?.token_expires_at).toEqual(row.offline_until);
    expect(await db.records(license)).toEqual(['activation.admitted', 'activation.file_made']);
    expect(await answered(license, 'other')).toBe('seats_exhausted');
    // As if the file were over.
    await db.sql.query(`UPDATE activations SET offline_until = clock_timestamp() WHERE id = $1`, [row.id]);
    await db.shortenLeases(license, 0);
    expect(await answered(license, 'other')).toMatch(/^[0-9a-f]{8}-/);
  });

  it('keeps its id with a further file, and counts until the later of both ends', async () => {
    const license = await db.license({ max: 1 });
    const first = await admit(license, 'bunker', { fileDays: 30 });
    const shorter = await admit(license, 'bunker', { fileDays: 3 });
    const longer = await admit(license, 'bunker', { fileDays: 90 });
    expect(new Set([first.id, shorter.id, longer.id]).size).toBe(1);
    expect(days(first, shorter.token_ends_at)).toBeCloseTo(3, 2);
    expect(shorter.offline_until).toEqual(first.offline_until);
    expect(shorter.lease_ends_at).toEqual(first.lease_ends_at);
    expect(longer.offline_until).toEqual(longer.token_ends_at);
    expect(longer.lease_ends_at).toEqual(longer.offline_until);
    const [seen] = await db.activations(license);
    expect(seen?.token_expires_at).toEqual(longer.offline_until);
    expect(await db.records(license)).toHaveLength(4);
  });

  it('of one that holds a fixed seat has no end after the file', async () => {
    const license = await db.license({ mode: 'fixed', max: 1 });
    const before = await admit(license, 'bunker');
    const row = await admit(license, 'bunker', { fileDays: 400 });
    expect(row).toMatchObject({ id: before.id, lease_ends_at: null });
    expect(days(row, row.offline_until)).toBeCloseTo(400, 2);
    expect(row.token_ends_at).toEqual(row.offline_until);
    // A token for the network has its own end again.
    expect(days(row, (await admit(license, 'bunker')).token_ends_at)).toBeCloseTo(30, 2);
  });

  it('is not shortened by a heartbeat of the same fingerprint, and not lapsed before the file', async () => {
    const license = await db.license({ max: 1 });
    const row = await admit(license, 'bunker', { fileDays: 30 });
    const again = await admit(license, 'bunker');
    expect([again.id, again.lease_ends_at, again.offline_until]).toEqual([
      row.id,
      row.lease_ends_at,
      row.offline_until,
    ]);
  });

  it('is not within reach of release and takeover, only of the vendor', async () => {
    const license = await db.license({ max: 1, take_over: true, moves_per_30_days: 10 });
    const { id } = await admit(license, 'bunker', { fileDays: 30 });
    expect((await admissions.release(act(license), id))?.ended_at).toBeNull();
    for (const takeOver of ['oldest', id])
      expect(await answered(license, 'other', { takeOver })).toBe('seats_exhausted');
    expect(await admissions.end(act(license), id, 'sold')).toMatchObject({ ended_by: 'ended' });
    expect(await answered(license, 'other')).toMatch(/^[0-9a-f]{8}-/);
  });

  it('is refused where there is no room, as every other', async () => {
    const license = await db.license({ max: 1 });
    await admit(license, 'online');
    expect(await answered(license, 'bunker', { fileDays: 30 })).toBe('seats_exhausted');
  });
});
