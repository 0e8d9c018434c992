import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { aCustomer } from '../../support/factories';
import { freePort } from '../../support/processes/free-port';
import { Processes, type ServerProcess } from '../../support/processes/server-process';
import { WIDE_LIMITS } from '../../support/processes/wide-limits';
import { Client } from '../../support/requests/client';
import { until } from '../../support/until';
import { OtlpReceiver } from '../../support/tracing/otlp-receiver';

const FAILS = 'traces cannot be delivered: spans are dropped, requests continue';
const WORKS_AGAIN = 'over: traces cannot be delivered';
/** Long enough for nothing to be sent before the end. */
const NEVER = '600000';

describe('the collector of traces', () => {
  const processes = new Processes();
  const variables = {
    ENVIRONMENT: 'development',
    DATA_DIR: processes.emptyFolder(),
    KEYS_DIR: processes.emptyFolder(),
    LOG_FORMAT: 'json',
    ...WIDE_LIMITS,
  };
  let adminKey = '';

  // One database for all; the server that made the key is not stopped before the key is known.
  beforeAll(async () => {
    const server = await processes.server(variables).ready();
    adminKey = /^admin API key: (\S+)$/m.exec(server.stdout)![1]!;
    await server.stop();
  });
  afterEach(() => processes.endAll());
  afterAll(() => processes.close());

  const start = (more: Record<string, string>): Promise<ServerProcess> =>
    processes.server({ ...variables, ...more }).ready();
  const lines = (server: ServerProcess, message: string): Record<string, unknown>[] =>
    server.stdout
      .split('\n')
      .filter((line) => line.includes(`"message":"${message}"`))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const isSaid = (server: ServerProcess, message: string): Promise<void> =>
    until(message, () => Promise.resolve(lines(server, message).length > 0));

  it('may be unreachable: requests are answered, one line says so, and one line says that it is back', async () => {
    const port = await freePort();
    const server = await start({
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_EXPORTER_OTLP_TIMEOUT: '50',
      OTEL_BSP_SCHEDULE_DELAY: '10',
      OTEL_BSP_MAX_QUEUE_SIZE: '20',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '5',
    });
    const admin = new Client(server.url, adminKey);
    for (let round = 0; round < 3; round += 1)
      await Promise.all(Array.from({ length: 20 }, () => aCustomer(admin)));
    await isSaid(server, FAILS);
    for (let round = 0; round < 3; round += 1) await aCustomer(admin);
    expect(lines(server, FAILS)).toMatchObject([{ level: 'warn', error_code: 'ECONNREFUSED' }]);
    const collector = await OtlpReceiver.start(port);
    try {
      await until('a span arrives', async () => {
        await aCustomer(admin);
        return collector.spans.length > 0;
      });
      await isSaid(server, WORKS_AGAIN);
      // What it answers is not logged.
      collector.answers = 400;
      await until('it says so', async () => {
        await aCustomer(admin);
        return lines(server, FAILS).length > 1;
      });
      expect(lines(server, FAILS)[1]).toMatchObject({ error_code: '400' });
      expect(await server.stop()).toEqual({ code: 0, signal: null });
      expect(server.stderr).toBe('');
    } finally {
      await collector.close();
    }
  });

  it('gets waiting spans at the end, compressed if that is set, at exactly the URL that is set', async () => {
    const collector = await OtlpReceiver.start();
    try {
      const server = await start({
        OTEL_TRACES_EXPORTER: 'otlp',
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/own/path`,
        OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
        OTEL_SERVICE_NAME: 'licenses',
        OTEL_BSP_SCHEDULE_DELAY: NEVER,
      });
      await aCustomer(new Client(server.url, adminKey));
      expect(await server.stop()).toEqual({ code: 0, signal: null });
      expect(collector.requests).toMatchObject([
        { path: '/own/path', headers: { 'content-encoding': 'gzip' } },
      ]);
      const request = collector.spans.find(({ kind }) => kind === 2);
      expect(request).toMatchObject({
        name: 'POST /api/v1/customers',
        resource: { 'service.name': 'licenses' },
      });
    } finally {
      await collector.close();
    }
  });

  it('does not hold up the end of the server when it never answers', async () => {
    const silent: Server = createServer((socket) => socket.on('error', () => undefined));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    const server = await start({
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_EXPORTER_OTLP_TIMEOUT: NEVER,
      OTEL_BSP_EXPORT_TIMEOUT: NEVER,
      OTEL_BSP_SCHEDULE_DELAY: '10',
    });
    await aCustomer(new Client(server.url, adminKey));
    // Without a bound it would take ten minutes, and the test would fail.
    expect(await server.stop()).toEqual({ code: 0, signal: null });
    silent.close();
  });

  describe('and the modules of its SDK', () => {
    /** Names of the packages of OpenTelemetry that a server has loaded when it ends. */
    async function loadedBy(more: Record<string, string>): Promise<string[]> {
      const folder = processes.emptyFolder();
      const server = await start({
        ...more,
        NODE_OPTIONS: `--require ${join(__dirname, '../../support/tracing/loaded-modules.cjs')}`,
        LOADED_MODULES: join(folder, 'loaded.json'),
      });
      await aCustomer(new Client(server.url, adminKey));
      await server.stop();
      const files = JSON.parse(readFileSync(join(folder, 'loaded.json'), 'utf8')) as string[];
      expect(files.some((file) => /node_modules[\\/]express[\\/]/.test(file))).toBe(true);
      const names = files.flatMap(
        (file) => /node_modules[\\/]@opentelemetry[\\/]([^\\/]+)[\\/]/.exec(file)?.[1] ?? [],
      );
      return [...new Set(names)].sort();
    }

    it.each([
      ['no OTEL_ variable', {}],
      [
        'OTEL_SDK_DISABLED=true',
        { OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' },
      ],
      [
        'OTEL_TRACES_EXPORTER=none',
        { OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' },
      ],
      ['settings without an endpoint', { OTEL_SERVICE_NAME: 'aegis', OTEL_TRACES_SAMPLER: 'always_on' }],
    ])('are not loaded with %s', async (_, more: Record<string, string>) => {
      expect(await loadedBy(more)).toEqual(['api']);
    });

    it('are loaded with an endpoint, so the test can fail', async () => {
      const loaded = await loadedBy({
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
        OTEL_EXPORTER_OTLP_TIMEOUT: '1',
      });
      expect(loaded).toEqual(expect.arrayContaining(['api', 'instrumentation-pg', 'sdk-trace']));
    });
  });

  it('stops the start if it is set wrongly, and the error names the variable', async () => {
    const server = processes.server({
      ...variables,
      OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318',
      OTEL_TRACES_SAMPLER: 'sometimes',
    });
    expect(await server.ended).toEqual({ code: 2, signal: null });
    expect(server.stderr).toBe(
      'Configuration refused:\n' +
        '  OTEL_EXPORTER_OTLP_ENDPOINT: must be an http(s) URL without credentials, query or fragment (example: OTEL_EXPORTER_OTLP_ENDPOINT=https://otel.example.com:4318)\n' +
        '  OTEL_TRACES_SAMPLER: must be one of always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off, parentbased_traceidratio (example: OTEL_TRACES_SAMPLER=parentbased_always_on)\n',
    );
  });
});
