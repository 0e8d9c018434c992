import { inFile } from './fault.mjs';

export default {
  area: 'callers that end while their request is under way',
  suites: [
    'test/attacks/ended-callers.spec.ts',
    'test/e2e/lists/list-streams.spec.ts',
    'libs/http/src/edge/http-server.spec.ts',
    'libs/http/src/edge/requests.spec.ts',
    'libs/http/src/input/body/body-pace.spec.ts',
  ],
  faults: [
    ...inFile('libs/database/src/callers.ts', [
      ['lets an ended caller continue', 'if (verdict instanceof Error) throw verdict;', ''],
      ['ignores lost scopes', 'if (lost.length > 0) return new CallerNarrowed(lost);', ''],
    ]),
    ...inFile('libs/http/src/edge/client-errors.ts', [
      [
        'answers broken bytes in place of the request before them',
        'else if (answering?.req.complete)',
        'else if (answering?.headersSent)',
      ],
      ['continues after broken bytes', 'closeAfter(answering);', 'void closeAfter;'],
      [
        'refuses a tunnel in place of the answer before it',
        '    takeOver(socket);\n    refuse(socket, 400, environment);',
        '    takeOver(socket);\n    answer(socket, 400, environment);',
      ],
      [
        'stalls an answer behind which a tunnel is asked for',
        "socket.on('drain', () => responseInProgress(socket)?.emit('drain'));",
        '',
      ],
    ]),
    ...inFile('libs/http/src/callers/identification.ts', [
      ['logs no key', 'current.apiKeyId = credential.key.id;', ''],
    ]),
    ...inFile('libs/http/src/edge/cut-off.ts', [
      ['ends a broken answer in order', 'socket.resetAndDestroy();', 'socket.destroy();'],
    ]),
    ...inFile('libs/database/src/transaction.ts', [
      [
        'judges no caller in its transaction',
        'const inForce = await requireCallerInForce(tx, caller, ending);',
        'const inForce = undefined;',
      ],
    ]),
    ...inFile('migrations/1764120000000-judge-callers-again.ts', [
      ['shares no lock', 'PERFORM pg_advisory_xact_lock_shared(held.number);', 'NULL;'],
      ['takes no exclusive lock', 'PERFORM pg_advisory_xact_lock(held.number);', 'NULL;'],
      ['takes expired callers', 'AND (expires_at IS NULL OR expires_at > clock_timestamp())', ''],
      ['takes inactive callers', 'AND is_active AND deleted_at IS NULL', ''],
    ]),
    ...inFile('libs/licensing/src/issue/license-writer.ts', [
      ['judges no caller of a batch', 'refusedCallers(tx, waiting),', 'Promise.resolve(new Map()),'],
    ]),
    ...inFile('libs/idempotency/src/idempotent-requests.ts', [
      [
        'replays to ended callers',
        'const inForce = await requireCallerInForce(this.dataSource, caller);',
        'const inForce = undefined;',
      ],
    ]),
    ...inFile('libs/http/src/edge/late-body.guard.ts', [
      [
        'judges nobody after the body',
        'if (!identifiedEarly || body === undefined) return true;',
        'return true;',
      ],
    ]),
    ...inFile('libs/http/src/answers/list-answer.ts', [
      [
        'reads a list that nobody takes',
        '{ objectMode: false })',
        '{ objectMode: false, highWaterMark: 1024 ** 3 })',
      ],
      [
        'reads a list to its end though its caller is gone',
        'yield* lines;',
        'try { yield* { [Symbol.asyncIterator]: () => ({ next: () => lines.next() }) }; } finally { for await (const line of lines) void line; }',
      ],
    ]),
    ...inFile('libs/lists/src/list-stream.ts', [
      ['continues to send to ended callers', 'await judge();\n    if (isFirst)', 'if (isFirst)'],
    ]),
    ...inFile('libs/http/src/edge/sound-request.ts', [
      [
        'speaks every version',
        "const SUPPORTED_VERSIONS: readonly string[] = ['1.1', '1.0'];",
        "const SUPPORTED_VERSIONS: readonly string[] = ['2.0', '1.1', '1.0'];",
      ],
    ]),
    ...inFile('libs/http/src/input/body/body-pace.ts', [
      ['gives a body all the time', 'if (left <= 0) giveUp();', 'if (left <= -1e9) giveUp();'],
      [
        'gives every body the same time',
        'return PATIENCE_MS + received / BYTES_PER_MS;',
        'return PATIENCE_MS;',
      ],
    ]),
    ...inFile('libs/http/src/input/body/body-bytes.ts', [
      ['waits for what it does not take', '() => Math.min(size, limit),', '() => size,'],
    ]),
  ],
};
