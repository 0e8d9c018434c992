import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandLine } from '../../support/processes/command-line';
import { freePort } from '../../support/processes/free-port';
import { emptyDatabase, type TestDatabase } from '../../support/database/database';
import { until } from '../../support/until';

// Each command is a process of its own, and the machine may be busy.
jest.setTimeout(120_000);

const WAITING = 'the database is not ready yet; waiting';

describe('aegis migrate … --wait', () => {
  let folder: string;
  let database: TestDatabase;
  let aegis: CommandLine;
  let port: number;
  let door: Server | undefined;

  const at = (url: string): string => {
    const other = new URL(url);
    other.port = String(port);
    return other.href;
  };
  /** From now on the database is found behind the port. */
  async function openDoor(): Promise<void> {
    door = createServer((socket) => {
      const inner = connect(Number(new URL(database.ownerUrl).port), '127.0.0.1');
      socket.pipe(inner).pipe(socket);
      for (const one of [socket, inner]) one.on('error', () => one.destroy());
    }).listen(port, '127.0.0.1');
    await once(door, 'listening');
  }

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-wait-'));
    database = await emptyDatabase();
    port = await freePort();
    aegis = new CommandLine(folder, {
      ENVIRONMENT: 'test',
      DATABASE_URL: at(database.applicationUrl),
      MIGRATION_DATABASE_URL: at(database.ownerUrl),
    });
  });
  afterEach(async () => {
    door?.close();
    door = undefined;
    await database.drop();
    rmSync(folder, { recursive: true });
  });

  it('up waits for the database, then migrates', async () => {
    const running = aegis.start('migrate', 'up', '--wait', '100', '--json');
    await until('it waits', () => Promise.resolve(running.stderr().includes(WAITING)));
    await openDoor();
    const { exitCode, stdout } = await running.ended;
    expect(exitCode).toBe(0);
    expect((JSON.parse(stdout) as { applied: string[] }).applied.length).toBeGreaterThan(30);
  });

  it('status waits until nothing is pending, under the role of the server too', async () => {
    await openDoor();
    const running = aegis
      .with({ MIGRATION_DATABASE_URL: undefined })
      .start('migrate', 'status', '--wait', '100');
    await until('it waits', () => Promise.resolve(running.stderr().includes(WAITING)));
    expect(await aegis.run('migrate', 'up')).toMatchObject({ exitCode: 0 });
    const { exitCode, stdout } = await running.ended;
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^0 pending$/m);
  });

  it('status ends with 1 when migrations are still pending', async () => {
    await openDoor();
    const { exitCode, stdout } = await aegis.run('migrate', 'status', '--wait', '1');
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^[1-9][0-9]* pending$/m);
  });

  it.each([
    ['up', '--wait', '1'],
    ['status', '--wait', '1'],
    ['up', '--wait', '0'],
  ])('%s %s %s ends with 3 when the database does not come', async (...args) => {
    const { exitCode, stdout, stderr } = await aegis.run('migrate', ...args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
    expect(stderr).toContain('The database cannot be reached');
  });

  it('does not wait after a permanent error: a wrong password', async () => {
    await openDoor();
    const wrong = new URL(at(database.ownerUrl));
    wrong.password = 'wrong';
    const { exitCode, stderr } = await aegis
      .with({ MIGRATION_DATABASE_URL: wrong.href })
      .run('migrate', 'up', '--wait', '100');
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^MIGRATION_DATABASE_URL: the database refuses the role or its password/);
  });

  it('ends at a signal while it waits', async () => {
    const running = aegis.start('migrate', 'up', '--wait', '100');
    await until('it waits', () => Promise.resolve(running.stderr().includes(WAITING)));
    running.process.kill('SIGTERM');
    expect((await running.ended).exitCode).toBe(143);
  });

  it.each(['-1', '1.5', 'a', ''])('refuses %j as seconds', async (seconds) => {
    const { exitCode, stderr } = await aegis.run('migrate', 'up', '--wait', seconds);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('whole number');
  });
});
