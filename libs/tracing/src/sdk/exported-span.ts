import type { Attributes, Link, SpanContext } from '@opentelemetry/api';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace';

/**
 * The attributes that leave the process; every other one is removed, even if a newer version of an instrumentation
 * adds it. Callers choose none of these: no path, no query, no header, no address, no parameter of a statement.
 */
const EXPORTED = new Set([
  'http.request.method',
  'http.response.status_code',
  'http.route',
  'error.type',
  'db.system.name',
  'db.namespace',
  'server.address',
  'server.port',
  'db.query.text',
  'aegis.batch.size',
  'aegis.kid',
]);
const SQL_TEXT = 'db.query.text';
/** A statement's beginning says which one it is. */
const LONGEST_SQL = 1000;
/** Statements have parameters; should one ever have a literal in it, that is nobody's business. */
const SQL_LITERAL = /'(?:[^']|'')*'?/g;

/**
 * A span as it may leave the process: its attributes are of a list, and texts of errors are not exported, since they
 * can quote input. The log has them, masked, under the same trace id.
 */
export function exportedSpan(span: ReadableSpan): ReadableSpan {
  return {
    name: span.name,
    kind: span.kind,
    spanContext: () => withoutState(span.spanContext()),
    ...(span.parentSpanContext && { parentSpanContext: withoutState(span.parentSpanContext) }),
    startTime: span.startTime,
    endTime: span.endTime,
    duration: span.duration,
    ended: span.ended,
    status: { code: span.status.code },
    attributes: exportedAttributes(span.attributes),
    links: span.links.map(exportedLink),
    events: span.events.map(exportedEvent),
    resource: span.resource,
    instrumentationScope: span.instrumentationScope,
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
    droppedLinksCount: span.droppedLinksCount,
  };
}

function exportedAttributes(attributes: Attributes): Attributes {
  const exported: Attributes = {};
  for (const name of Object.keys(attributes)) {
    const value = attributes[name];
    if (!EXPORTED.has(name)) continue;
    exported[name] = name === SQL_TEXT && typeof value === 'string' ? exportedSql(value) : value;
  }
  return exported;
}

function exportedSql(text: string): string {
  return text.slice(0, LONGEST_SQL).replace(SQL_LITERAL, "'…'");
}

function exportedLink({ context }: Link): Link {
  return { context: withoutState(context) };
}

/** Exceptions: which class, but no message and no stack. */
function exportedEvent({ name, time, attributes }: TimedEvent): TimedEvent {
  const type = attributes?.['exception.type'];
  return { name, time, attributes: type === undefined ? {} : { 'exception.type': type } };
}

/** Without `tracestate`, which is the caller's text. */
function withoutState({ traceId, spanId, traceFlags, isRemote }: SpanContext): SpanContext {
  return { traceId, spanId, traceFlags, ...(isRemote !== undefined && { isRemote }) };
}
