import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CertificateAuthority } from '../../../../test/support/processes/certificates';
import type { Environment } from '../environment';
import { loadEnvironment } from '../load-environment';
import { readAttributes } from './tracing-values';

const folder = mkdtempSync(join(tmpdir(), 'aegis-tracing-'));
const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.acme.test:4318' };
const SECRET = 'x-key=canary-of-a-header';

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function load(variables: Record<string, string>): Environment {
  return loadEnvironment({ DATA_DIR: folder, ...variables });
}

/** What is refused, one line a variable; of OTEL_ variables alone. */
function problems(variables: Record<string, string>): string[] {
  try {
    load(variables);
  } catch (error) {
    return (error as Error).message
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line.startsWith('OTEL_'));
  }
  return [];
}

it.each([
  ['nothing', {}, false],
  ['an endpoint', ENDPOINT, true],
  ['an endpoint of traces', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c.test/x' }, true],
  ['an exporter by name', { OTEL_TRACES_EXPORTER: 'otlp' }, true],
  ['the exporter none', { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }, false],
  ['a disabled SDK', { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'otlp', OTEL_SDK_DISABLED: 'true' }, false],
  ['an SDK that is not disabled', { OTEL_SDK_DISABLED: 'false' }, false],
  ['an empty endpoint', { OTEL_EXPORTER_OTLP_ENDPOINT: '' }, false],
])('with %s traces are made: %#', (_, variables: Record<string, string>, expected) => {
  expect(load(variables).exportsTraces).toBe(expected);
});

it.each([
  ['OTEL_SDK_DISABLED', 'yes'],
  ['OTEL_TRACES_EXPORTER', 'zipkin'],
  ['OTEL_TRACES_EXPORTER', 'otlp,console'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'grpc://collector:4317'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://user:pw@collector:4318'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://collector:4318/?key=1'],
  ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'collector'],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'thrift'],
  ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'HTTP/PROTOBUF'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'no-value'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'a=1,a=2'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'a=line%0Abreak'],
  ['OTEL_EXPORTER_OTLP_TRACES_HEADERS', 'a=%zz'],
  ['OTEL_EXPORTER_OTLP_TIMEOUT', '0'],
  ['OTEL_EXPORTER_OTLP_TIMEOUT', '10s'],
  ['OTEL_EXPORTER_OTLP_COMPRESSION', 'br'],
  ['OTEL_TRACES_SAMPLER', 'jaeger_remote'],
  ['OTEL_TRACES_SAMPLER', 'toString'],
  ['OTEL_TRACES_SAMPLER_ARG', '1.1'],
  ['OTEL_TRACES_SAMPLER_ARG', '-0.1'],
  ['OTEL_TRACES_SAMPLER_ARG', 'half'],
  ['OTEL_TRACES_SAMPLER_ARG', '1e-3'],
  ['OTEL_RESOURCE_ATTRIBUTES', 'a=1,'],
  ['OTEL_PROPAGATORS', 'b3'],
  ['OTEL_PROPAGATORS', 'tracecontext,jaeger'],
  ['OTEL_BSP_SCHEDULE_DELAY', '1'],
  ['OTEL_BSP_EXPORT_TIMEOUT', 'x'],
  ['OTEL_BSP_MAX_QUEUE_SIZE', '0'],
  ['OTEL_BSP_MAX_EXPORT_BATCH_SIZE', '1.5'],
])('%s=%s is refused, by its name and rule and without its value', (name, value) => {
  const found = problems({ [name]: value });
  expect(found).toEqual([expect.stringMatching(new RegExp(`^${name}: must `))]);
  // What a rule quotes are values that are right.
  if (value.length > 8) expect(found.join('')).not.toContain(value);
});

it('grpc is refused when traces are on, and ignored when they are off', () => {
  const grpc = { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };
  expect(problems(grpc)).toEqual([]);
  expect(problems({ ...grpc, ...ENDPOINT })).toEqual([
    expect.stringMatching(/^OTEL_EXPORTER_OTLP_PROTOCOL: traces are sent as http\/protobuf only/),
  ]);
  expect(problems({ ...grpc, ...ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf' })).toEqual([]);
  expect(problems({ ...ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json' })).toEqual([
    expect.stringMatching(/^OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: /),
  ]);
});

it('a batch must not be larger than the queue', () => {
  const sizes = { OTEL_BSP_MAX_QUEUE_SIZE: '10', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '11' };
  expect(problems({ ...ENDPOINT, ...sizes })).toEqual([
    'OTEL_BSP_MAX_EXPORT_BATCH_SIZE: must not be greater than OTEL_BSP_MAX_QUEUE_SIZE',
  ]);
  expect(problems({ ...ENDPOINT, ...sizes, OTEL_BSP_MAX_QUEUE_SIZE: '11' })).toEqual([]);
});

it.each(['OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_EXPORTER_OTLP_TRACES_HEADERS'])(
  'in production %s go over TLS, unless to this machine',
  (name) => {
    const production = { ENVIRONMENT: 'production', [name]: SECRET };
    expect(problems({ ...production, ...ENDPOINT })).toEqual([
      'OTEL_EXPORTER_OTLP_ENDPOINT: use https: the headers that are sent there are secrets',
    ]);
    expect(problems({ ...production, OTEL_EXPORTER_OTLP_ENDPOINT: 'https://c.test' })).toEqual([]);
    expect(problems({ ...production, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' })).toEqual([]);
    expect(
      problems({
        ...production,
        OTEL_EXPORTER_OTLP_ENDPOINT: 'https://c.test',
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c.test/v1/traces',
      }),
    ).toEqual(['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: use https: the headers that are sent there are secrets']);
    expect(problems({ ENVIRONMENT: 'production', ...ENDPOINT })).toEqual([]);
  },
);

it('the file of a CA is read at the start', () => {
  const file = join(folder, 'ca.pem');
  const set = { ...ENDPOINT, OTEL_EXPORTER_OTLP_CERTIFICATE: file };
  expect(problems(set)).toEqual([`OTEL_EXPORTER_OTLP_CERTIFICATE: ${file} can't be read (ENOENT)`]);
  writeFileSync(file, 'not a certificate', { mode: 0o644 });
  expect(problems(set)).toEqual([
    `OTEL_EXPORTER_OTLP_CERTIFICATE: ${file} does not contain a PEM certificate`,
  ]);
  writeFileSync(file, new CertificateAuthority().certificate);
  expect(problems(set)).toEqual([]);
});

it.each([
  ['a=1', { a: '1' }],
  [' a = 1 , b.c-d=x%20y%3Dz ', { a: '1', 'b.c-d': 'x y=z' }],
  ['a=b=c', { a: 'b=c' }],
  ['a=', { a: '' }],
  ['', undefined],
  ['a', undefined],
  ['=1', undefined],
  ['a=1,,b=2', undefined],
  ['a=%', undefined],
  ['a=ä', undefined],
  ['__proto__=1', { ['__proto__']: '1' }],
  [`a=${'x'.repeat(8191)}`, undefined],
])('attributes %j are %j', (text, expected) => {
  expect(readAttributes(text)).toEqual(expected);
});
