import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  InMemorySpanExporter,
  ParentBasedSampler,
  AlwaysOnSampler,
  SimpleSpanProcessor,
  TracerProvider,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace';
import { MicroBatch } from '@aegis/database';
import { enableTracing } from './switch';

const exporter = new InMemorySpanExporter();
const tracer = trace.getTracer('test');

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(
    new TracerProvider({
      sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
      spanProcessors: [new SimpleSpanProcessor({ exporter })],
    }),
  );
  enableTracing();
});
afterEach(() => {
  exporter.reset();
});

/** Asks a batch as a request would. */
async function asked(batch: MicroBatch<string, string>, name: string): Promise<void> {
  await tracer.startActiveSpan(name, {}, ROOT_CONTEXT, async (span) => {
    await batch.add(name);
    span.end();
  });
}

/** Asks a batch as a request would that is not sampled. */
function askedUnsampled(batch: MicroBatch<string, string>, name: string): Promise<string> {
  const unsampled = trace.setSpanContext(ROOT_CONTEXT, {
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    traceFlags: 0,
  });
  return context.with(unsampled, () => batch.add(name));
}

/** A batch of which each run makes a span, as a statement would. */
function aBatch(maxConcurrent = 1): MicroBatch<string, string> {
  return new MicroBatch(
    async (inputs) => {
      await new Promise(setImmediate);
      if (trace.getActiveSpan() !== undefined) tracer.startSpan(`statement for ${inputs.join(' ')}`).end();
      return inputs;
    },
    { name: 'test', maxSize: 10, maxConcurrent },
  );
}

const span = (name: string): ReadableSpan => {
  const found = exporter.getFinishedSpans().filter((one) => one.name === name);
  expect(found).toHaveLength(1);
  return found[0]!;
};
const idOf = (one: ReadableSpan): string => one.spanContext().spanId;

describe('the span of a batch', () => {
  it('belongs to the first request, and links to the others', async () => {
    const batch = aBatch();
    await Promise.all(['one', 'two', 'three'].map((name) => asked(batch, name)));
    const made = span('batch: test');
    expect(made.parentSpanContext?.spanId).toBe(idOf(span('one')));
    expect(made.attributes).toEqual({ 'aegis.batch.size': 3 });
    expect(made.links.map((link) => link.context.spanId)).toEqual([idOf(span('two')), idOf(span('three'))]);
    expect(span('statement for one two three').parentSpanContext?.spanId).toBe(idOf(made));
  });

  it('does not belong to a request of the previous batch', async () => {
    const batch = aBatch();
    const first = asked(batch, 'one');
    // Arrives while the first batch runs: the end of that one begins the next.
    await new Promise(setImmediate);
    const second = asked(batch, 'two');
    await Promise.all([first, second]);
    expect(span('statement for two').spanContext().traceId).toBe(span('two').spanContext().traceId);
    expect(span('statement for one').spanContext().traceId).toBe(span('one').spanContext().traceId);
  });

  it('ignores requests that are not sampled', async () => {
    const batch = aBatch();
    await Promise.all([askedUnsampled(batch, 'unsampled'), asked(batch, 'one')]);
    const made = span('batch: test');
    expect(made.parentSpanContext?.spanId).toBe(idOf(span('one')));
    expect(made.links).toEqual([]);
    expect(made.attributes).toEqual({ 'aegis.batch.size': 2 });
  });

  it('is not made if no request is sampled, even after a batch that was', async () => {
    const batch = aBatch();
    const first = asked(batch, 'one');
    await new Promise(setImmediate);
    await Promise.all([first, askedUnsampled(batch, 'unsampled')]);
    const names = exporter.getFinishedSpans().map(({ name }) => name);
    expect(names.sort()).toEqual(['batch: test', 'one', 'statement for one']);
  });
});
