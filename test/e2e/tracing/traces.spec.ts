import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { aCustomer, aLicense, type IssuedLicense } from '../../support/factories';
import { Canaries } from '../../support/keys/canaries';
import { Processes, type ServerProcess } from '../../support/processes/server-process';
import { WIDE_LIMITS } from '../../support/processes/wide-limits';
import { Client } from '../../support/requests/client';
import { connectTo } from '../../support/requests/raw-http';
import { until } from '../../support/until';
import type { ReceivedSpan } from '../../support/tracing/otlp';
import { OtlpReceiver } from '../../support/tracing/otlp-receiver';

const VALIDATE = '/api/v1/licenses/validate';
const [INTERNAL, SERVER, CLIENT] = [1, 2, 3];
const hex = (bytes: number): string => randomBytes(bytes).toString('hex');

/** Names of the attributes that docs/traces.md lists. */
const DOCUMENTED = [
  ...readFileSync(resolve(__dirname, '../../../docs/traces.md'), 'utf8')
    .split('## What is in a span')[1]!
    .split('\n## ')[0]!
    .matchAll(/^\| `([a-z_.]+)`/gm),
].map(([, name]) => name!);

describe('traces', () => {
  const processes = new Processes();
  let collector: OtlpReceiver;
  let server: ServerProcess;
  let admin: Client;
  let license: IssuedLicense;
  let adminKey: string;

  beforeAll(async () => {
    collector = await OtlpReceiver.start();
    server = processes.server({
      ENVIRONMENT: 'development',
      DATA_DIR: processes.emptyFolder(),
      KEYS_DIR: processes.emptyFolder(),
      LOG_FORMAT: 'json',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-collector-key=secret%20of%20the%20collector',
      OTEL_RESOURCE_ATTRIBUTES: 'service.namespace=licensing,k8s.pod.name=aegis%2D0',
      OTEL_BSP_SCHEDULE_DELAY: '10',
      ...WIDE_LIMITS,
    });
    await server.ready();
    adminKey = /^admin API key: (\S+)$/m.exec(server.stdout)![1]!;
    admin = new Client(server.url, adminKey);
    license = await aLicense(admin);
  });

  afterAll(async () => {
    await processes.close();
    await collector.close();
  });

  /** Sends a request that continues a trace of the caller's. @returns its ids */
  async function traced(
    send: (headers: Record<string, string>) => Promise<unknown>,
    flags = '01',
  ): Promise<{ traceId: string; parentId: string }> {
    const [traceId, parentId] = [hex(16), hex(8)];
    await send({ traceparent: `00-${traceId}-${parentId}-${flags}` });
    return { traceId, parentId };
  }

  const question = (): Record<string, string> => ({
    token: license.token,
    module_name: license.module_name,
    odoo_version: '17.0',
  });
  const linesWith = (text: string): Record<string, unknown>[] =>
    server.stdout
      .split('\n')
      .filter((line) => line.includes(text))
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  /** A span as `name < name of its parent`; of the caller's span `caller`. */
  function tree(spans: readonly ReceivedSpan[], parentId: string): string[] {
    const nameOf = (id: string): string | undefined =>
      id === parentId ? 'caller' : spans.find(({ spanId }) => spanId === id)?.name;
    return spans.map(({ name, parentSpanId }) => `${name} < ${nameOf(parentSpanId) ?? 'none'}`).sort();
  }

  it('continue the trace of the caller: request, handler, batches and statements', async () => {
    const { traceId, parentId } = await traced((headers) => admin.post(VALIDATE, question(), headers));
    const spans = await collector.trace(traceId, (all) => all.length >= 7);
    expect(tree(spans, parentId)).toEqual([
      'POST /api/v1/licenses/validate < caller',
      'ValidationController.validate < POST /api/v1/licenses/validate',
      'batch: API keys < POST /api/v1/licenses/validate',
      'batch: validate < ValidationController.validate',
      'pg.query:api-key-look-up aegis < batch: API keys',
      'pg.query:audit-append aegis < batch: validate',
      'pg.query:validation-look-up aegis < batch: validate',
    ]);
    const [request] = spans.filter(({ kind }) => kind === SERVER);
    expect(request).toMatchObject({
      attributes: {
        'http.request.method': 'POST',
        'http.route': VALIDATE,
        'http.response.status_code': 200,
      },
      status: { code: 0 },
    });
    expect(new Set(spans.map(({ kind }) => kind))).toEqual(new Set([INTERNAL, SERVER, CLIENT]));
  });

  it('name their sender, and go to the path of the standard with the configured headers', async () => {
    const { traceId } = await traced((headers) => admin.get('/api/v1/customers', headers));
    const [span] = await collector.trace(traceId);
    expect(span!.resource).toMatchObject({
      'service.name': 'aegis',
      'service.namespace': 'licensing',
      'k8s.pod.name': 'aegis-0',
      'deployment.environment.name': 'development',
      'telemetry.sdk.language': 'nodejs',
    });
    expect(new Set(collector.requests.map(({ path }) => path))).toEqual(new Set(['/v1/traces']));
    expect(collector.requests[0]!.headers).toMatchObject({
      'content-type': 'application/x-protobuf',
      'x-collector-key': 'secret of the collector',
    });
  });

  it('have a span for each signature', async () => {
    const { traceId } = await traced((headers) =>
      admin.post(`/api/v1/licenses/${license.id}/reissue`, {}, headers),
    );
    const spans = await collector.trace(traceId);
    const signatures = spans.filter(({ name }) => name === 'sign');
    const [{ kid }] = (await admin.get('/.well-known/jwks.json')).body.keys;
    expect(signatures.map(({ attributes }) => attributes)).toEqual([{ 'aegis.kid': kid }]);
  });

  it('have their ids in every line about the request', async () => {
    const { traceId } = await traced((headers) => admin.post(VALIDATE, question(), headers));
    const spans = await collector.trace(traceId);
    const request = spans.find(({ kind }) => kind === SERVER)!;
    await until('the access line', () => Promise.resolve(linesWith(traceId).length > 0));
    for (const line of linesWith(traceId))
      expect(line).toMatchObject({ trace_id: traceId, span_id: request.spanId });
  });

  it('are not made of a request that the caller does not sample; its lines have the trace', async () => {
    const { traceId } = await traced((headers) => admin.post(VALIDATE, question(), headers), '00');
    await until('the access line', () => Promise.resolve(linesWith(traceId).length > 0));
    const later = await traced((headers) => admin.post(VALIDATE, question(), headers));
    await collector.trace(later.traceId);
    expect(collector.spans.filter((span) => span.traceId === traceId)).toEqual([]);
  });

  it.each([
    ['no traceparent', {}],
    ['a malformed traceparent', { traceparent: `00-${'0'.repeat(32)}-${hex(8)}-01` }],
    ['an unreadable one', { traceparent: 'canary of a traceparent' }],
  ])('begin with the request that has %s', async (_, headers: Record<string, string>) => {
    const id = `request-${hex(4)}`;
    await admin.get('/api/v1/customers', { ...headers, 'X-Request-ID': id });
    await until('the access line', () => Promise.resolve(linesWith(id).length > 0));
    const [line] = linesWith(id);
    const spans = await collector.trace(String(line!.trace_id));
    expect(spans.find(({ kind }) => kind === SERVER)).toMatchObject({
      parentSpanId: '',
      spanId: line!.span_id,
    });
  });

  it('mark failures without their messages: a refusal by its class, an error of the server by its status', async () => {
    const { traceId } = await traced((headers) =>
      admin.post('/api/v1/customers', { id: license.customer_id, name: 'Acme' }, headers),
    );
    const spans = await collector.trace(traceId);
    const statement = spans.find(({ name }) => name.startsWith('pg.query:INSERT'));
    expect(statement).toMatchObject({ status: { code: 2, message: '' } });
    expect(spans.find(({ kind }) => kind === SERVER)).toMatchObject({
      attributes: { 'http.response.status_code': 409 },
      status: { code: 0, message: '' },
    });
  });

  it('have no name and no route for an unknown path', async () => {
    const { traceId } = await traced((headers) => admin.get(`/api/v1/unknown/${hex(8)}`, headers));
    const spans = await collector.trace(traceId);
    const request = spans.find(({ kind }) => kind === SERVER)!;
    expect(request.name).toBe('GET');
    expect(request.attributes).toEqual({
      'http.request.method': 'GET',
      'http.response.status_code': 404,
    });
  });

  it('are only of requests: no probe, no scrape, no background work', async () => {
    await server.probe('ready');
    const metricsUrl = String(linesWith('metrics_url')[0]!.metrics_url);
    await (await fetch(`${metricsUrl}/metrics`)).text();
    const { traceId } = await traced((headers) => admin.post(VALIDATE, question(), headers));
    await collector.trace(traceId, (all) => all.length >= 7);
    const roots = collector.spans.filter(({ parentSpanId }) => parentSpanId === '');
    expect(roots.filter(({ kind }) => kind !== SERVER)).toEqual([]);
    expect(collector.spans.filter(({ name }) => /health|metrics/.test(name))).toEqual([]);
  });

  it('contain nothing that a caller sends: no secret, no person, no path, no query, no header', async () => {
    const canaries = new Canaries();
    canaries.watch('API key', adminKey);
    canaries.watch('token', license.token);
    const [name, email, notes] = ['name', 'email', 'notes'].map((field) => canaries.plant(field));
    const customer = await aCustomer(admin, {
      id: canaries.plant('customer id'),
      name,
      email: `${email}@acme.test`,
      notes,
    });
    const headers = (): Record<string, string> => ({
      'User-Agent': canaries.plant(`User-Agent ${hex(3)}`),
      'X-Request-ID': canaries.plant(`X-Request-ID ${hex(3)}`),
      'X-Forwarded-For': canaries.plant(`X-Forwarded-For ${hex(3)}`),
      'X-Forwarded-Proto': canaries.plant(`X-Forwarded-Proto ${hex(3)}`),
      Forwarded: `for=${canaries.plant(`Forwarded ${hex(3)}`)};host=";`,
      baggage: `user=${canaries.plant(`baggage ${hex(3)}`)}`,
      Referer: `https://${canaries.plant(`Referer ${hex(3)}`)}.test`,
      tracestate: `vendor=${canaries.plant(`tracestate ${hex(3)}`)}`,
    });
    const requests: ((more: Record<string, string>) => Promise<unknown>)[] = [
      (more) =>
        admin.post(VALIDATE, { ...question(), instance_domain: `${canaries.plant('domain')}.test` }, more),
      (more) => admin.get(`/api/v1/customers/${customer.id}`, more),
      (more) => admin.get(`/api/v1/customers?search=${canaries.plant('search')}`, more),
      (more) => admin.get(`/api/v1/customers?${canaries.plant('parameter')}=1`, more),
      (more) => admin.get(`/${canaries.plant('path')}?key=${adminKey}`, more),
      (more) => admin.get(`/api/v1/licenses/${canaries.plant('license id')}`, more),
      (more) =>
        admin.post('/api/v1/customers', { id: customer.id, name: canaries.plant('name again') }, more),
      (more) => admin.post('/api/v1/customers', `{"name": "${canaries.plant('broken body')}`, more),
      (more) => admin.post(VALIDATE, { ...question(), token: `eyJ${canaries.plant('bad token')}.e.f` }, more),
      (more) =>
        new Client(server.url, canaries.plant('bad key')).get('/api/v1/customers', {
          ...more,
          Authorization: `Bearer ${canaries.plant('bearer')}`,
        }),
      (more) =>
        new Client(server.url).post(VALIDATE, question(), {
          ...more,
          Authorization: `Basic ${Buffer.from(`u:${canaries.plant('basic')}`).toString('base64')}`,
        }),
      (more) =>
        admin.post(
          '/api/v1/licenses',
          { ...question(), customer_id: customer.id },
          { ...more, 'Idempotency-Key': canaries.plant('idempotency key') },
        ),
      (more) =>
        admin.delete(`/api/v1/licenses/${license.id}/revoke`, { reason: canaries.plant('reason') }, more),
    ];
    const begun = collector.spans.length;
    for (const request of requests) {
      const { traceId } = await traced((traceparent) => request({ ...headers(), ...traceparent }));
      await collector.trace(traceId);
    }
    expect(collector.spans.length).toBeGreaterThan(begun + 2 * requests.length);
    expect(canaries.foundIn(Buffer.concat(collector.bodies).toString('latin1'))).toEqual([]);
    expect(collector.spans.filter(({ traceState }) => traceState !== '')).toEqual([]);
  });

  it('have the attributes that docs/traces.md lists, and no other', () => {
    const sent = new Set(collector.spans.flatMap(({ attributes }) => Object.keys(attributes)));
    const undocumented = [...sent].filter((attribute) => !DOCUMENTED.includes(attribute));
    expect(undocumented).toEqual([]);
    expect(sent.size).toBeGreaterThan(8);
    const texts = collector.spans.map(({ status }) => status.message);
    expect(new Set(texts)).toEqual(new Set(['']));
    const events = collector.spans.flatMap(({ events: own }) =>
      own.flatMap((event) => Object.keys(event.attributes)),
    );
    expect(new Set([...events, 'exception.type'])).toEqual(new Set(['exception.type']));
  });

  it('end if the caller leaves before its answer', async () => {
    const { traceId } = await traced(async ({ traceparent }) => {
      const socket = connectTo(server.url);
      const asked = once(socket, 'data');
      socket.write(
        `POST /api/v1/customers HTTP/1.1\r\nHost: x\r\nX-API-Key: ${adminKey}\r\ntraceparent: ${traceparent}\r\n` +
          'Content-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n',
      );
      expect(String((await asked)[0])).toContain('100 Continue');
      socket.destroy();
    });
    const spans = await collector.trace(traceId);
    const request = spans.find(({ kind }) => kind === SERVER)!;
    expect(request.status.code).toBe(2);
    expect(request.attributes).toMatchObject({ 'error.type': 'aborted' });
    expect(request.attributes).not.toHaveProperty('http.response.status_code');
  });
});
