import { inFile } from './fault.mjs';

export default {
  area: 'edge',
  suites: ['libs/http/src/edge/http-server.spec.ts', 'libs/logging/src/redaction.spec.ts'],
  faults: [
    ...inFile('libs/http/src/edge/sound-request.ts', [
      [
        'reads a body whose coding it does not take off',
        "if (coding.toLowerCase() === 'chunked') return undefined;",
        "if (coding.toLowerCase().endsWith('chunked')) return undefined;",
      ],
      ['compares the coding with its case', "coding.toLowerCase() === 'chunked'", "coding === 'chunked'"],
      ['reads chunks of HTTP/1.0', "if (httpVersion === '1.0')", "if (httpVersion === '0.9')"],
      [
        'keeps a connection whose framing it did not understand',
        "if (framing) response.setHeader('Connection', 'close');",
        '',
      ],
      [
        'leaves the target as it came where the framing is wrong',
        'next(framing ?? target ?? flawOf(request));',
        'next(framing ?? flawOf(request));',
      ],
    ]),
    ...inFile('libs/http/src/edge/one-answer-at-a-time.ts', [
      ['leaves responses open whose turn never came', "response.emit('close')", 'void response'],
      ['serves what follows the last answer', 'if (!connection.writableEnded) next();', 'next();'],
    ]),
    ...inFile('libs/logging/src/redact-text.ts', [
      ['shows tokens', '(fromDot === undefined ? found : MASK)', 'found'],
      ['hides what only begins like a token', '(fromDot === undefined ? found : MASK)', 'MASK'],
      ['shows what follows the first @ of a password', "rest.lastIndexOf('@')", "rest.indexOf('@')"],
    ]),
  ],
};
