import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { TraceState } from '@opentelemetry/core';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { exportedSpan } from './exported-span';

const CANARY = 'canary4711';

/** A span with a canary wherever a span can have a text that an instrumentation takes from input. */
function spanWithCanaries(): ReturnType<typeof exportedSpan> {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const linked = {
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    traceFlags: TraceFlags.SAMPLED,
    traceState: new TraceState(`vendor=${CANARY}`),
  };
  const span = provider.getTracer('test').startSpan('SELECT', {
    kind: SpanKind.CLIENT,
    attributes: {
      'db.query.text': `SELECT 1 FROM t WHERE a = $1 AND b = '${CANARY}' AND c = 'it''s ${CANARY}'`,
      'db.operation.parameter.0': CANARY,
      'url.full': `http://x/?a=${CANARY}`,
      'db.namespace': 'aegis',
    },
    links: [{ context: linked, attributes: { note: CANARY } }],
  });
  span.recordException(new TypeError(CANARY));
  span.addEvent('event', { note: CANARY });
  span.setStatus({ code: SpanStatusCode.ERROR, message: CANARY });
  span.end();
  return exporter.getFinishedSpans()[0]!;
}

describe('a span as it is exported', () => {
  it('has the attributes of the list, without literals in SQL', () => {
    expect(exportedSpan(spanWithCanaries()).attributes).toEqual({
      'db.query.text': "SELECT 1 FROM t WHERE a = $1 AND b = '…' AND c = '…'",
      'db.namespace': 'aegis',
    });
  });

  it('has no text of an error, an event, a link or a state', () => {
    const { resource, instrumentationScope, ...exported } = exportedSpan(spanWithCanaries());
    expect(resource).toBeDefined();
    expect(instrumentationScope.name).toBe('test');
    expect(JSON.stringify([exported, exported.spanContext()])).not.toContain(CANARY);
    expect(exported.events.map(({ name, attributes }) => [name, attributes])).toEqual([
      ['exception', { 'exception.type': 'TypeError' }],
      ['event', {}],
    ]);
    expect(exported.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(exported.links).toEqual([
      { context: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: TraceFlags.SAMPLED } },
    ]);
  });

  it('has no literal at the place where a long statement is cut', () => {
    const span = spanWithCanaries();
    const text = `SELECT ${'x'.repeat(985)} '${CANARY}'`;
    const exported = exportedSpan({
      ...span,
      spanContext: () => span.spanContext(),
      attributes: { 'db.query.text': text },
    });
    expect(exported.attributes['db.query.text']).toBe(`SELECT ${'x'.repeat(985)} '…'`);
  });
});
