import { inFile } from './fault.mjs';

export default {
  area: 'edge',
  suites: [
    'libs/http/src/edge/http-server.spec.ts',
    'libs/http/src/edge/load-shedding.spec.ts',
    'libs/logging/src/redaction.spec.ts',
  ],
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
      ['takes the first of two credentials', "'content-type', 'authorization'", "'content-type'"],
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
    ...inFile('libs/http/src/edge/load-shedding.ts', [
      ['lets one more wait', 'this.count.waiting >= this.most', 'this.count.waiting > this.most'],
      ['refuses probes', "if (QUIET_PATHS.test(request.url ?? '')) return true;", ''],
      ['counts those who do not read their answer', "response.once('prefinish', work.end);", ''],
      [
        'counts what nobody waits for as nothing',
        "response.once('close', work.leave);",
        "response.once('close', work.end);",
      ],
      [
        'counts work forever whose end was missed',
        'this.left = setTimeout(this.end, LONGEST_LEFT_MS).unref();',
        'return;',
      ],
      ['does not count again who has sent the body', "this.change('counted');", ''],
      ['counts again whose answer is made', "if (this.state === 'over') return;", ''],
      ['does not say when to come back', "'Retry-After': RETRY_SECONDS,", ''],
      [
        'keeps a connection after a refusal whose framing it did not understand',
        "if (framingFlawOf(request)) response.setHeader('Connection', 'close');",
        '',
      ],
    ]),
    ...inFile('libs/http/src/edge/quiet-paths.ts', [
      ['takes all paths below /health for probes', '(\\/(live|ready|startup))?\\/?(\\?|$)', '([/?]|$)'],
    ]),
    ...inFile('libs/http/src/edge/http-adapter.ts', [
      [
        'counts those who take a streamed answer slowly',
        'workOn(response.req)?.pause();',
        'workOn(response.req)?.resume();',
      ],
    ]),
    ...inFile('libs/http/src/input/body/body-bytes.ts', [
      ['counts those who are slow to send', 'work?.pause();', ''],
    ]),
    ...inFile('libs/logging/src/redact-text.ts', [
      ['shows tokens', '(fromDot === undefined ? found : MASK)', 'found'],
      ['hides what only begins like a token', '(fromDot === undefined ? found : MASK)', 'MASK'],
      ['shows what follows the first @ of a password', "rest.lastIndexOf('@')", "rest.indexOf('@')"],
    ]),
  ],
};
