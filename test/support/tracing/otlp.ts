/**
 * Reads what an OTLP exporter sends (opentelemetry-proto, `collector/trace/v1` and `trace/v1`) without any code of
 * OpenTelemetry: protobuf fields by their number.
 */

/** A span as a collector gets it. */
export interface ReceivedSpan {
  traceId: string;
  spanId: string;
  /** Empty for a root. */
  parentSpanId: string;
  traceState: string;
  name: string;
  /** 1 internal, 2 server, 3 client. */
  kind: number;
  attributes: Record<string, unknown>;
  events: { name: string; attributes: Record<string, unknown> }[];
  links: { traceId: string; spanId: string }[];
  /** 0 unset, 1 ok, 2 error. */
  status: { code: number; message: string };
  resource: Record<string, unknown>;
}

type Field = Buffer | bigint;

/** The spans of an ExportTraceServiceRequest. */
export function spansOf(request: Buffer): ReceivedSpan[] {
  return messages(fields(request), 1).flatMap((resourceSpans) => {
    const resource = attributesOf(fields(first(resourceSpans, 1)), 1);
    return messages(resourceSpans, 2).flatMap((scopeSpans) =>
      messages(scopeSpans, 2).map((span) => spanOf(span, resource)),
    );
  });
}

function spanOf(span: Map<number, Field[]>, resource: Record<string, unknown>): ReceivedSpan {
  const status = fields(first(span, 15));
  return {
    traceId: first(span, 1).toString('hex'),
    spanId: first(span, 2).toString('hex'),
    parentSpanId: first(span, 4).toString('hex'),
    traceState: first(span, 3).toString(),
    name: first(span, 5).toString(),
    kind: number(span, 6),
    attributes: attributesOf(span, 9),
    events: messages(span, 11).map((event) => ({
      name: first(event, 2).toString(),
      attributes: attributesOf(event, 3),
    })),
    links: messages(span, 13).map((link) => ({
      traceId: first(link, 1).toString('hex'),
      spanId: first(link, 2).toString('hex'),
    })),
    status: { code: number(status, 3), message: first(status, 2).toString() },
    resource,
  };
}

function attributesOf(message: Map<number, Field[]>, id: number): Record<string, unknown> {
  return Object.fromEntries(
    messages(message, id).map((entry) => [first(entry, 1).toString(), valueOf(fields(first(entry, 2)))]),
  );
}

/** AnyValue: string, bool, int, double, array. */
function valueOf(value: Map<number, Field[]>): unknown {
  if (value.has(1)) return first(value, 1).toString();
  if (value.has(2)) return number(value, 2) === 1;
  if (value.has(3)) return number(value, 3);
  if (value.has(4)) return Buffer.from(first(value, 4)).readDoubleLE();
  return messages(fields(first(value, 5)), 1).map(valueOf);
}

function messages(message: Map<number, Field[]>, id: number): Map<number, Field[]>[] {
  return (message.get(id) ?? []).map((field) => fields(field as Buffer));
}

function first(message: Map<number, Field[]>, id: number): Buffer {
  return (message.get(id)?.[0] as Buffer | undefined) ?? Buffer.alloc(0);
}

function number(message: Map<number, Field[]>, id: number): number {
  return Number(message.get(id)?.[0] ?? 0n);
}

/** Fields of a message by their number; those of fixed length as their bytes. */
function fields(message: Buffer): Map<number, Field[]> {
  const found = new Map<number, Field[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const bytes = (length: number): Buffer => {
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const tag = Number(varint());
    const field = fieldOf(tag & 7, varint, bytes);
    found.set(tag >> 3, [...(found.get(tag >> 3) ?? []), field]);
  }
  return found;
}

function fieldOf(wireType: number, varint: () => bigint, bytes: (length: number) => Buffer): Field {
  switch (wireType) {
    case 0:
      return varint();
    case 1:
      return bytes(8);
    case 2:
      return bytes(Number(varint()));
    case 5:
      return bytes(4);
    default:
      throw new Error(`wire type ${wireType}`);
  }
}
