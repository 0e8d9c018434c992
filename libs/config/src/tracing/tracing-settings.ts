import { IsIn, IsOptional } from 'class-validator';
import { AreAttributes, IsCollectorUrl, IsRatio } from './tracing-value-rules';
import { HasLength, IsTrueOrFalse, IsWholeNumber } from '../rules';
import { Setting } from '../setting';

/** Values of OTEL_TRACES_SAMPLER; the standard's `jaeger_remote` and `xray` need a service of their own. */
export const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

const SAMPLER = { message: `must be one of ${SAMPLERS.join(', ')}` };
const PROTOCOLS = ['http/protobuf', 'http/json', 'grpc'];
const PROTOCOL = { message: `must be one of ${PROTOCOLS.join(', ')}` };
const LONGEST_WAIT_MS = 600_000;
const MOST_SPANS = 1_000_000;

/** Settings of traces, as OpenTelemetry names them ("Environment Variable Specification", "OTLP Exporter"). */
export abstract class TracingSettings {
  @Setting({
    kind: 'boolean',
    default: 'false',
    description: 'true turns traces off, regardless of the other OTEL_ settings.',
  })
  @IsTrueOrFalse()
  OTEL_SDK_DISABLED!: boolean;

  @Setting({
    kind: 'text',
    example: 'otlp',
    default: '(otlp with an endpoint, else none)',
    description: 'otlp sends traces of requests to a collector of OpenTelemetry; none does not.',
  })
  @IsOptional()
  @IsIn(['otlp', 'none'], { message: 'must be otlp or none' })
  OTEL_TRACES_EXPORTER?: 'otlp' | 'none';

  @Setting({
    kind: 'url',
    example: 'https://otel.example.com:4318',
    default: '(http://localhost:4318 with OTEL_TRACES_EXPORTER=otlp)',
    production: 'https unless loopback where headers are sent',
    description: 'Base URL of the collector; /v1/traces is added to it.',
  })
  @IsOptional()
  @IsCollectorUrl()
  OTEL_EXPORTER_OTLP_ENDPOINT?: string;

  @Setting({
    kind: 'url',
    example: 'https://otel.example.com:4318/v1/traces',
    production: 'https unless loopback where headers are sent',
    description: 'Complete URL to which traces are sent, instead of OTEL_EXPORTER_OTLP_ENDPOINT.',
  })
  @IsOptional()
  @IsCollectorUrl()
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?: string;

  @Setting({
    kind: 'text',
    default: 'http/protobuf',
    description: 'Protocol of the collector. Traces are sent as http/protobuf only.',
  })
  @IsIn(PROTOCOLS, PROTOCOL)
  OTEL_EXPORTER_OTLP_PROTOCOL!: string;

  @Setting({
    kind: 'text',
    example: 'http/protobuf',
    description: 'The same, only for traces: http/protobuf.',
  })
  @IsOptional()
  @IsIn(PROTOCOLS, PROTOCOL)
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL?: string;

  @Setting({
    kind: 'text',
    example: 'authorization=Bearer%20token',
    secret: true,
    description: 'Headers sent to the collector: name=value,name=value; values percent-encoded.',
  })
  @IsOptional()
  @AreAttributes()
  OTEL_EXPORTER_OTLP_HEADERS?: string;

  @Setting({
    kind: 'text',
    example: 'authorization=Bearer%20token',
    secret: true,
    description: 'The same, only for traces; it replaces a header of the same name.',
  })
  @IsOptional()
  @AreAttributes()
  OTEL_EXPORTER_OTLP_TRACES_HEADERS?: string;

  @Setting({
    kind: 'integer',
    default: '10000',
    description: 'Longest time for one delivery to the collector, with its repetitions, in milliseconds.',
  })
  @IsWholeNumber(1, LONGEST_WAIT_MS)
  OTEL_EXPORTER_OTLP_TIMEOUT!: number;

  @Setting({ kind: 'text', default: 'none', description: 'gzip or none: compression of what is sent.' })
  @IsIn(['gzip', 'none'], { message: 'must be gzip or none' })
  OTEL_EXPORTER_OTLP_COMPRESSION!: 'gzip' | 'none';

  @Setting({
    kind: 'text',
    example: '/etc/aegis/collector-ca.pem',
    description: 'File with the PEM certificate of the CA that signed the certificate of the collector.',
  })
  @IsOptional()
  @HasLength(1, 4096)
  OTEL_EXPORTER_OTLP_CERTIFICATE?: string;

  @Setting({
    kind: 'text',
    default: 'parentbased_always_on',
    description: `Which requests are traced: ${SAMPLERS.join(', ')}.`,
  })
  @IsIn(SAMPLERS, SAMPLER)
  OTEL_TRACES_SAMPLER!: (typeof SAMPLERS)[number];

  @Setting({
    kind: 'text',
    default: '1.0',
    description: 'Share of the requests that the traceidratio samplers trace, from 0 to 1.',
  })
  @IsRatio()
  OTEL_TRACES_SAMPLER_ARG!: string;

  @Setting({ kind: 'text', default: 'aegis', description: 'Name of this service in traces.' })
  @HasLength(1, 255)
  OTEL_SERVICE_NAME!: string;

  @Setting({
    kind: 'text',
    example: 'deployment.environment.name=staging',
    description: 'Attributes of this service in traces: name=value,name=value; values percent-encoded.',
  })
  @IsOptional()
  @AreAttributes()
  OTEL_RESOURCE_ATTRIBUTES?: string;

  @Setting({
    kind: 'list',
    default: 'tracecontext',
    description:
      'tracecontext continues the trace of the header `traceparent`; none does not. baggage is accepted and ignored.',
  })
  @IsIn(['tracecontext', 'baggage', 'none'], { each: true, message: 'must be tracecontext, baggage or none' })
  OTEL_PROPAGATORS!: string[];

  @Setting({
    kind: 'integer',
    default: '5000',
    description: 'Longest time that a span waits to be sent with others, in milliseconds.',
  })
  @IsWholeNumber(10, LONGEST_WAIT_MS)
  OTEL_BSP_SCHEDULE_DELAY!: number;

  @Setting({
    kind: 'integer',
    default: '30000',
    description: 'Longest wait for the delivery of a batch of spans, in milliseconds.',
  })
  @IsWholeNumber(10, LONGEST_WAIT_MS)
  OTEL_BSP_EXPORT_TIMEOUT!: number;

  @Setting({
    kind: 'integer',
    default: '2048',
    description: 'Maximum number of spans that wait in memory; further ones are dropped.',
  })
  @IsWholeNumber(1, MOST_SPANS)
  OTEL_BSP_MAX_QUEUE_SIZE!: number;

  @Setting({
    kind: 'integer',
    default: '512',
    description: 'Maximum number of spans that are sent at once; not more than OTEL_BSP_MAX_QUEUE_SIZE.',
  })
  @IsWholeNumber(1, MOST_SPANS)
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE!: number;
}
