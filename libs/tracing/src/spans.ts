import {
  type Attributes,
  type Context,
  context,
  ROOT_CONTEXT,
  type SpanOptions,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { isTracing } from './switch';

/** Which span work is done for; the same for all work where traces are off. */
export type TraceContext = Context;

const tracer = trace.getTracer('aegis');

/** The span that runs here, for work that is done for it later. */
export function currentTrace(): TraceContext {
  return isTracing() ? context.active() : ROOT_CONTEXT;
}

/**
 * Runs work in a new span, below the current recorded span. Without a recorded span, it makes none.
 * @param name one of a few different values
 * @param attributes neither secret nor personal; sdk/exported-span.ts lists those that are exported
 */
export function inSpan<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T> {
  if (!isTracing() || trace.getActiveSpan()?.isRecording() !== true) return work();
  return runIn(context.active(), name, { attributes }, work);
}

/**
 * Runs work that is done for several requests at once. Its span belongs to the trace of the first of them that is
 * recorded, and links to the spans of the others. Where none is recorded, the work belongs to no trace.
 * @param name of few different values
 * @param members whom the work is done for: `currentTrace()` of each
 */
export function inBatchSpan<T>(
  name: string,
  members: readonly TraceContext[],
  work: () => Promise<T>,
): Promise<T> {
  if (!isTracing()) return work();
  const recorded = members.filter((member) => trace.getSpan(member)?.isRecording() === true);
  const [first, ...others] = recorded;
  // It may be scheduled by a request, or by the end of the batch before it, which it has nothing to do with.
  if (first === undefined) return context.with(ROOT_CONTEXT, work);
  const links = others.flatMap((member) => {
    const linked = trace.getSpanContext(member);
    return linked === undefined ? [] : [{ context: linked }];
  });
  return runIn(first, name, { attributes: { 'aegis.batch.size': members.length }, links }, work);
}

function runIn<T>(parent: Context, name: string, options: SpanOptions, work: () => Promise<T>): Promise<T> {
  return tracer.startActiveSpan(name, options, parent, async (span) => {
    try {
      return await work();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      if (error instanceof Error) span.setAttribute('error.type', error.name);
      throw error;
    } finally {
      span.end();
    }
  });
}
