import fc from 'fast-check';
import { hostileText } from './hostile';

const HEAD = 'POST /api/v1/licenses/validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
const GET = 'GET /info HTTP/1.1\r\nHost: x\r\n';

/** Beginnings of a connection that are not requests, or that several readers could read differently (RFC 9112). */
const BROKEN: readonly string[] = [
  '\r\n\r\n\r\n',
  'GET\r\n\r\n',
  'GET /info\r\n\r\n',
  'GET  /info HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET /info HTTP/1.1 \r\nHost: x\r\n\r\n',
  'GET /info HTTP/9.9\r\nHost: x\r\n\r\n',
  'GET /info HTTP/2.0\r\nHost: x\r\n\r\n',
  'GET /info HTTP/0.9\r\nHost: x\r\n\r\n',
  'GET /info HTTP/1.0\r\n\r\n',
  'GET /info HTTP/1.1\r\n\r\n',
  'GET /info HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n',
  'GET /info HTTP/1.1\r\nHost: x, y\r\n\r\n',
  'GET /info HTTP/1.1\r\nHost:\r\n\r\n',
  'GET /info HTTP/1.1\nHost: x\n\n',
  'get /info HTTP/1.1\r\nHost: x\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n',
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  `GET /${'x'.repeat(70_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  `${'X'.repeat(20_000)} /info HTTP/1.1\r\nHost: x\r\n\r\n`,
  `${GET}X : y\r\n\r\n`,
  `${GET} X: y\r\n\r\n`,
  `${GET}X: a\r\n b\r\n\r\n`,
  `${GET}: y\r\n\r\n`,
  `${GET}X\r\n\r\n`,
  `${GET}X: a\0b\r\n\r\n`,
  `${GET}X: a\rb\r\n\r\n`,
  `${GET}X-\xe4: y\r\n\r\n`,
  `${GET}${'X: y\r\n'.repeat(3_000)}\r\n`,
  `${HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  `${HEAD}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n`,
  `${HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} `,
  `${HEAD}Content-Length: 2, 2\r\n\r\n{}`,
  `${HEAD}Content-Length: +2\r\n\r\n{}`,
  `${HEAD}Content-Length: -1\r\n\r\n{}`,
  `${HEAD}Content-Length: 0x2\r\n\r\n{}`,
  `${HEAD}Content-Length: 2 2\r\n\r\n{}`,
  `${HEAD}Content-Length: \r\n\r\n{}`,
  `${HEAD}Content-Length: 99999999999999999999999\r\n\r\n{}`,
  `${HEAD}Content-Length: 9007199254740993\r\n\r\n{}`,
  `${HEAD}Content-Length: 100\r\n\r\n{}`,
  `${HEAD}Content-Length: 0\r\n\r\nGET /info HTTP/1.1\r\nHost: x\r\n\r\n`,
  `${HEAD}Content-Length: 1\r\n\r\n{}`,
  `${HEAD}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
  `${HEAD}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
  `${HEAD}Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n`,
  `${HEAD}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  `${HEAD}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  `${HEAD}Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n`,
  `${HEAD}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
  `${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
  `${HEAD}Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n`,
  `${HEAD}Transfer-Encoding: chunked\r\n\r\n2;${'x'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`,
  `${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n`,
  `${HEAD}Transfer-Encoding: chunked\r\n\r\n${'f'.repeat(20)}\r\n{}\r\n`,
  `${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-API-Key: x\r\n__proto__: y\r\n\r\n`,
  `${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n${'T: x\r\n'.repeat(3_000)}\r\n`,
  `${HEAD}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}`,
  `${HEAD}Expect: 200-ok\r\nContent-Length: 2\r\n\r\n{}`,
];

/** What comes over a connection, one character a byte: broken requests, cut, joined, or with bytes changed. */
export const wireBytes: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...BROKEN) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom(...BROKEN), fc.nat(), fc.integer({ min: 0, max: 255 }))
      .map(([text, at, byte]) => {
        const place = at % Math.max(1, Math.min(text.length, 400));
        return text.slice(0, place) + String.fromCharCode(byte) + text.slice(place + 1);
      }),
  },
  fc.tuple(fc.constantFrom(...BROKEN), fc.nat()).map(([text, at]) => text.slice(0, at % (text.length + 1))),
  fc.tuple(fc.constantFrom(...BROKEN), fc.constantFrom(...BROKEN)).map(([one, other]) => one + other),
  hostileText.map((text) => `GET /${text} HTTP/1.1\r\nHost: x\r\n\r\n`),
  fc.uint8Array({ maxLength: 300 }).map((values) => Buffer.from(values).toString('latin1')),
);
