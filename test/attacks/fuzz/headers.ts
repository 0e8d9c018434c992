import fc from 'fast-check';
import { hostileText } from './hostile';

export type HeaderLine = readonly [name: string, value: string];

const any = (name: string, values: readonly string[]): fc.Arbitrary<HeaderLine[]> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...values).map((value): HeaderLine[] => [[name, value]]) },
    { weight: 1, arbitrary: headerText.map((value): HeaderLine[] => [[name, value]]) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom(...values), fc.constantFrom(...values))
        .map(([one, other]): HeaderLine[] => [
          [name, one],
          [name, other],
        ]),
    },
  );

/** What may be in a header, byte for byte; now and then what may not. */
const headerText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: hostileText.map((text) => text.replace(/[\0\r\n]/g, '')) },
  fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)) }),
  { weight: 1, arbitrary: fc.constantFrom('a\0b', 'a\rb', 'a\nb', '\x7f', '\x01') },
);

const TRACE = '0af7651916cd43dd8448eb211c80319c';

/** Headers that the server reads, with what it does not expect in them. */
const READ: readonly fc.Arbitrary<HeaderLine[]>[] = [
  any('Idempotency-Key', [
    'a',
    'x'.repeat(255),
    'x'.repeat(256),
    '',
    ' ',
    'a b',
    'ä',
    '{{nonce}}',
    '__proto__',
  ]),
  any('If-Match', ['*', '"1"', 'W/"1"', '"1", "2"', '1', '"', '""', ',', `"${'x'.repeat(5_000)}"`, '"\xff"']),
  any('If-None-Match', ['*', '"1"', 'W/"1"', ',,', `${'"a",'.repeat(1_000)}"b"`, '"']),
  any('traceparent', [
    `00-${TRACE}-b7ad6b7169203331-01`,
    `ff-${TRACE}-b7ad6b7169203331-01`,
    '00-0-0-0',
    '-'.repeat(4_000),
    `cc-${TRACE}-b7ad6b7169203331-01-${'x'.repeat(4_000)}`,
  ]),
  any('tracestate', ['a=b', '='.repeat(600)]),
  any('Accept', [
    '*/*',
    'application/json',
    'text/csv',
    'application/x-ndjson',
    'text/html',
    'application/json;q=0',
    '*/*;q=2',
    ',,,',
    'a/'.repeat(2_000),
    'application/json;'.repeat(500),
    `${'text/plain;q=0.1,'.repeat(500)}*/*`,
  ]),
  any('Accept-Encoding', ['gzip', 'br, *;q=0', 'identity;q=0']),
  any('Accept-Language', ['de', '*']),
  any('Range', ['bytes=0-0', 'bytes=-1', 'bytes=0-0,1-1', 'bytes=999999999999999999999-', 'items=0-1']),
  any('If-Range', ['"1"']),
  any('If-Modified-Since', ['Thu, 01 Jan 1970 00:00:00 GMT', 'never']),
  any('X-Request-ID', ['a', 'x'.repeat(128), 'x'.repeat(129), '<script>', '\xe4', '..']),
  any('X-Forwarded-For', [
    '203.0.113.7',
    '1.2.3.4, 5.6.7.8',
    'garbage',
    '::1',
    'fe80::1%eth0',
    '1.2.3.4:80',
    '',
    ',',
  ]),
  any('Forwarded', ['for=1.2.3.4;proto=https', 'for="[::1]:80"', ';;;']),
  any('X-Forwarded-Host', ['evil.example']),
  any('X-Forwarded-Proto', ['https', 'javascript']),
  any('X-HTTP-Method-Override', ['DELETE', 'PUT', 'TRACE']),
  any('X-HTTP-Method', ['DELETE']),
  any('X-Original-URL', ['/api/v1/admin/api-keys']),
  any('User-Agent', ['', 'x'.repeat(5_000), '\xe4\xff']),
  any('Origin', ['https://evil.example', 'null', '*']),
  any('Cookie', ['a=b', `a=${'x'.repeat(4_000)}`, '__proto__=1']),
  any('Content-Encoding', ['gzip', 'identity', 'br', 'gzip, gzip', 'x']),
  any('Expect', ['100-continue', '200-ok', 'x']),
  any('Upgrade', ['websocket', 'h2c', 'TLS/1.0']),
  any('Connection', ['Upgrade, HTTP2-Settings', 'keep-alive', 'X-API-Key', 'close']),
  any('TE', ['trailers']),
  any('Trailer', ['X-API-Key']),
  any('Max-Forwards', ['0']),
  any('Prefer', ['return=minimal']),
  any('__proto__', ['1']),
  any('constructor', ['1']),
];

const many: fc.Arbitrary<HeaderLine[]> = fc
  .constantFrom(50, 101, 150, 500, 1_500, 2_100)
  .map((count) => Array.from({ length: count }, (_, index): HeaderLine => [`x${index.toString(36)}`, '1']));

const huge: fc.Arbitrary<HeaderLine[]> = fc
  .constantFrom(4_000, 8_000, 15_000, 17_000, 70_000)
  .map((length): HeaderLine[] => [['X-Huge', 'x'.repeat(length)]]);

/** Further headers of a request; mostly few. */
export const oddHeaders: fc.Arbitrary<HeaderLine[]> = fc
  .array(
    fc.oneof(
      { weight: 30, arbitrary: fc.oneof(...READ) },
      { weight: 1, arbitrary: many },
      { weight: 1, arbitrary: huge },
    ),
    { maxLength: 3 },
  )
  .map((lists) => lists.flat());

/** Who calls; `{{…}}` is replaced when the request is sent. */
export const credentials: fc.Arbitrary<HeaderLine[]> = fc.oneof(
  { weight: 16, arbitrary: fc.constant<HeaderLine[]>([['X-API-Key', '{{admin}}']]) },
  { weight: 2, arbitrary: fc.constant<HeaderLine[]>([['Authorization', 'Bearer {{admin}}']]) },
  { weight: 2, arbitrary: fc.constant<HeaderLine[]>([['X-API-Key', '{{reader}}']]) },
  { weight: 1, arbitrary: fc.constant<HeaderLine[]>([]) },
  {
    weight: 2,
    arbitrary: fc.constantFrom<HeaderLine[]>(
      [
        ['X-API-Key', '{{admin}}'],
        ['X-API-Key', '{{admin}}'],
      ],
      [
        ['X-API-Key', '{{admin}}'],
        ['Authorization', 'Bearer {{admin}}'],
      ],
      [['Authorization', 'Basic {{admin}}']],
      [['Authorization', 'Bearer']],
      [['Authorization', `Bearer ${'x'.repeat(8_000)}`]],
      [['X-API-Key', `aegis_test_${'0'.repeat(12)}_${'0'.repeat(49)}`]],
      [['X-API-Key', '{{admin}}, {{admin}}']],
      [['X-API-Key', '{{admin}}\xe4']],
    ),
  },
  { weight: 1, arbitrary: headerText.map((value): HeaderLine[] => [['X-API-Key', value]]) },
);
