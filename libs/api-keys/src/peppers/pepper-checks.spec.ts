import { ConfigurationError } from '@aegis/errors';
import type { DataSource } from 'typeorm';
import { PEPPER_V1, PEPPER_V2 } from '../../../../test/support/keys/api-keys';
import { type TestDatabase, testDatabase } from '../../../../test/support/database/database';
import { PepperChecks } from './pepper-checks';
import { Peppers } from './peppers';

const OTHER_V1 = 'v1:canary7f3a-another-secret-of-32-characters';

describe('PepperChecks', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeEach(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([]);
  });
  afterEach(() => database.drop());

  /** As one process starts. */
  const start = (...peppers: string[]): Promise<void> =>
    new PepperChecks(dataSource, new Peppers(peppers)).onModuleInit();
  const refusal = (...peppers: string[]): Promise<string> =>
    start(...peppers).then(
      () => '',
      (error: unknown) => {
        expect(error).toBeInstanceOf(ConfigurationError);
        return (error as Error).message;
      },
    );

  it('lets a process start again with the same secrets, through every step of a rotation', async () => {
    await start(PEPPER_V1);
    await start(PEPPER_V1, PEPPER_V2);
    await start(PEPPER_V2, PEPPER_V1);
    await start(PEPPER_V2);
    await start(PEPPER_V1);
    const checks = new PepperChecks(dataSource, new Peppers([PEPPER_V2]));
    expect(await checks.versions()).toEqual(['v1', 'v2']);
  });

  it.each([
    ['alone', [OTHER_V1]],
    ['in front of the next', [OTHER_V1, PEPPER_V2]],
    ['behind the next', [PEPPER_V2, OTHER_V1]],
  ])(
    'refuses another secret under a version that is on record, %s, and names the version',
    async (_, peppers) => {
      await start(PEPPER_V1);
      const message = await refusal(...peppers);
      expect(message).toMatch(/^API_KEY_PEPPERS: the secret given for v1 is not the one /);
      expect(message).not.toContain('canary7f3a');
      expect(message).not.toContain(PEPPER_V1.slice(3));
      await start(PEPPER_V1);
    },
  );

  it('starts when a lost secret is replaced under a version that was never used', async () => {
    await start(PEPPER_V1);
    await start(OTHER_V1.replace('v1:', 'v2:'));
    expect(await refusal(PEPPER_V2)).toContain('v2');
  });

  it('lets one of two secrets win when processes start at once', async () => {
    const starts = [PEPPER_V1, OTHER_V1, PEPPER_V1, OTHER_V1, PEPPER_V1, OTHER_V1];
    const ends = await Promise.allSettled(starts.map((pepper) => start(pepper)));
    const started = new Set(starts.filter((_, index) => ends[index]!.status === 'fulfilled'));
    expect(started.size).toBe(1);
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
  });

  it('stores 32 bytes, which the application cannot change', async () => {
    await start(PEPPER_V1);
    const [row] = await dataSource.query<{ check_value: Buffer }[]>('SELECT check_value FROM pepper_checks');
    expect(row!.check_value).toHaveLength(32);
    expect(row!.check_value.toString('latin1')).not.toContain(PEPPER_V1.slice(3, 20));
    await expect(dataSource.query('UPDATE pepper_checks SET version = version')).rejects.toThrow(
      /permission denied/,
    );
    await expect(dataSource.query('DELETE FROM pepper_checks')).rejects.toThrow(/permission denied/);
  });
});
