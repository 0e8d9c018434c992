import { context, propagation, SpanKind, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  AlwaysOnSampler,
  InMemorySpanExporter,
  ParentBasedSampler,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { startRequestSpan } from './request-span';
import { inSpan } from './spans';
import { enableTracing } from './switch';

const TRACE = 'a'.repeat(32);
const CALLER = 'b'.repeat(16);
const exporter = new InMemorySpanExporter();

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(
    new TracerProvider({
      sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
      spanProcessors: [new SimpleSpanProcessor({ exporter })],
    }),
  );
});
afterEach(() => {
  exporter.reset();
});

function served(headers: Record<string, unknown>, route?: string, status?: number): ReadableSpan | undefined {
  startRequestSpan('GET', headers).end(route, status);
  return exporter.getFinishedSpans()[0];
}

it('makes no span of work while traces are off', async () => {
  const span = startRequestSpan('GET', {});
  await new Promise<void>((done) => {
    span.run(() => {
      void inSpan('work', {}, async () => {
        await Promise.resolve();
        done();
      });
    });
  });
  expect(exporter.getFinishedSpans()).toEqual([]);
});

describe('the span of a request', () => {
  beforeAll(enableTracing);

  it('continues the trace of the caller', () => {
    const request = startRequestSpan('GET', { traceparent: `00-${TRACE}-${CALLER}-01` });
    expect(request.traceId).toBe(TRACE);
    expect(request.spanId).toMatch(/^(?!b{16})[0-9a-f]{16}$/);
    request.end('/api/v1/info', 200);
    expect(exporter.getFinishedSpans()[0]).toMatchObject({
      name: 'GET /api/v1/info',
      kind: SpanKind.SERVER,
      parentSpanContext: { spanId: CALLER },
      attributes: {
        'http.request.method': 'GET',
        'http.route': '/api/v1/info',
        'http.response.status_code': 200,
      },
      status: { code: 0 },
    });
  });

  it.each([
    ['none', {}],
    ['a malformed one', { traceparent: `00-${TRACE}-${'0'.repeat(16)}-01` }],
    ['two', { traceparent: `00-${TRACE}-${CALLER}-01, 00-${TRACE}-${CALLER}-01` }],
  ])('begins a trace where traceparent is %s', (_, headers) => {
    const span = served(headers, '/', 200)!;
    expect(span.parentSpanContext).toBeUndefined();
    expect(span.spanContext().traceId).not.toBe(TRACE);
  });

  it.each([
    [200, 0, undefined],
    [404, 0, undefined],
    [500, 2, '500'],
    [503, 2, '503'],
    [undefined, 2, 'aborted'],
  ])('with the status %s it has the code %s and the error %s', (status, code, type) => {
    const span = served({}, '/', status)!;
    expect(span.status).toEqual({ code });
    expect(span.attributes['error.type']).toBe(type);
    expect(span.attributes['http.response.status_code']).toBe(status);
  });

  it('has no route if none matched', () => {
    const span = served({}, undefined, 404)!;
    expect(span.name).toBe('GET');
    expect(span.attributes).not.toHaveProperty('http.route');
  });

  it('is the parent of the spans of the work for the request', async () => {
    const request = startRequestSpan('GET', {});
    await new Promise<void>((done) => {
      request.run(() => {
        void inSpan('work', { 'aegis.kid': 'k-1' }, async () => {
          await Promise.resolve();
          done();
        });
      });
    });
    await new Promise(setImmediate);
    expect(exporter.getFinishedSpans()).toMatchObject([
      {
        name: 'work',
        attributes: { 'aegis.kid': 'k-1' },
        parentSpanContext: { spanId: request.spanId },
      },
    ]);
  });

  it('that is not sampled keeps the trace id, and has no child spans', () => {
    const request = startRequestSpan('GET', { traceparent: `00-${TRACE}-${CALLER}-00` });
    let active: unknown = 'not run';
    request.run(() => (active = trace.getActiveSpan()));
    request.end('/', 200);
    expect(request.traceId).toBe(TRACE);
    expect(active).toBeUndefined();
    expect(exporter.getFinishedSpans()).toEqual([]);
  });

  it('has the class of the error of work that failed, and throws the error again', async () => {
    const request = startRequestSpan('GET', {});
    const failing = new Promise((resolve, reject) => {
      request.run(() => {
        inSpan('work', {}, () => Promise.reject(new RangeError('secret'))).then(resolve, reject);
      });
    });
    await expect(failing).rejects.toThrow('secret');
    const [work] = exporter.getFinishedSpans();
    expect(work).toMatchObject({
      status: { code: 2 },
      attributes: { 'error.type': 'RangeError' },
      events: [],
    });
    expect(JSON.stringify(work!.status)).not.toContain('secret');
  });
});
