import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';

const tracer = trace.getTracer('aegis');

/** The span of a request that this server answers. */
export interface RequestSpan {
  /** 32 hex digits: of the caller's trace, or of a new one. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  /** Runs what answers the request, below the span if that is recorded. */
  run(work: () => void): void;
  /**
   * @param route the pattern that matched; undefined where none did
   * @param status of the answer; undefined when the caller left before there was one
   */
  end(route: string | undefined, status: number | undefined): void;
}

/**
 * Starts the span of a request, in the trace of its `traceparent` (W3C Trace Context). Nothing else of the request gets
 * into the span: paths have ids in them, queries and headers texts and secrets.
 * Called where traces are on.
 */
export function startRequestSpan(method: string, headers: Readonly<Record<string, unknown>>): RequestSpan {
  const { traceparent, tracestate } = headers;
  const parent = propagation.extract(ROOT_CONTEXT, { traceparent, tracestate });
  const span = tracer.startSpan(
    method,
    { kind: SpanKind.SERVER, attributes: { 'http.request.method': method } },
    parent,
  );
  const { traceId, spanId } = span.spanContext();
  // Without a recorded span there is nothing to belong to: nothing below looks for one.
  if (!span.isRecording()) return { traceId, spanId, run: runPlainly, end: () => undefined };
  return {
    traceId,
    spanId,
    run(work) {
      context.with(trace.setSpan(parent, span), work);
    },
    end(route, status) {
      if (route !== undefined) span.updateName(`${method} ${route}`).setAttribute('http.route', route);
      if (status !== undefined) span.setAttribute('http.response.status_code', status);
      if (status === undefined) span.setAttribute('error.type', 'aborted');
      else if (status >= 500) span.setAttribute('error.type', String(status));
      if (status === undefined || status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
}

function runPlainly(work: () => void): void {
  work();
}
