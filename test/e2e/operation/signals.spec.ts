import { Processes, type ServerProcess } from '../../support/processes/server-process';
import { until } from '../../support/until';

describe('the server at a user signal', () => {
  const processes = new Processes();
  let server: ServerProcess;

  beforeAll(async () => {
    server = processes.server({ ENVIRONMENT: 'test', DATA_DIR: processes.emptyFolder(), LOG_FORMAT: 'json' });
    await server.ready();
  });

  afterAll(() => processes.close());

  const lines = (text: string): number =>
    server.stdout.split('\n').filter((line) => line.includes(text)).length;

  /** Waits until it has written such a line again. */
  async function saysAgain(text: string, cause: () => unknown): Promise<void> {
    const before = lines(text);
    await cause();
    await until(text, () => Promise.resolve(lines(text) > before));
  }

  it('SIGUSR2 turns detailed logs on, and a second one turns them off', async () => {
    const probeLine = '"route":"/health/live"';
    await server.probe('live');
    expect(lines(probeLine)).toBe(0);
    await saysAgain('the level of the log is debug now', () => {
      server.kill('SIGUSR2');
    });
    await saysAgain(probeLine, () => server.probe('live'));
    await saysAgain('the level of the log is info now', () => {
      server.kill('SIGUSR2');
    });
    const before = lines(probeLine);
    await server.probe('live');
    // Written after the line of the probe would have been.
    await saysAgain('"status":404', () => fetch(`${server.url}/nothing`));
    expect(lines(probeLine)).toBe(before);
  });

  it('SIGUSR1 opens no debugger, and the server continues', async () => {
    await saysAgain('SIGUSR1 was ignored', () => {
      server.kill('SIGUSR1');
    });
    expect(await server.probe('ready')).toBe(200);
    expect(server.output).not.toContain('Debugger');
    expect(await server.stop()).toEqual({ code: 0, signal: null });
    expect(server.stderr).toBe('');
  });
});
