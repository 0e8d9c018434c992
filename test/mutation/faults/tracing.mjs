import { inFile } from './fault.mjs';

export default {
  area: 'tracing',
  suites: [
    'libs/tracing/src/request-span.spec.ts',
    'libs/tracing/src/batch-spans.spec.ts',
    'libs/tracing/src/sdk/exported-span.spec.ts',
    'libs/tracing/src/sdk/sampler.spec.ts',
    'libs/config/src/tracing/tracing-settings.spec.ts',
  ],
  faults: [
    ...inFile('libs/tracing/src/sdk/exported-span.ts', [
      ['exports every attribute', 'if (!EXPORTED.has(name)) continue;', ''],
      ['exports literals of SQL', '.replace(SQL_LITERAL, "\'…\'")', ''],
      [
        'exports what an error says in a status',
        'status: { code: span.status.code },',
        'status: span.status,',
      ],
      ['exports attributes of events', 'events: span.events.map(exportedEvent),', 'events: span.events,'],
      ['exports attributes of links', 'links: span.links.map(exportedLink),', 'links: span.links,'],
      [
        "exports the caller's tracestate of a link",
        'return { context: withoutState(context) };',
        'return { context };',
      ],
    ]),
    ...inFile('libs/tracing/src/request-span.ts', [
      [
        'continues no trace',
        'propagation.extract(ROOT_CONTEXT, { traceparent, tracestate })',
        'ROOT_CONTEXT',
      ],
      [
        'makes spans below a request that is not sampled',
        'if (!span.isRecording()) return',
        'if (false) return',
      ],
      ['calls a 5xx no error', 'if (status === undefined || status >= 500)', 'if (status === undefined)'],
      ['names a request without its route', 'if (route !== undefined) span', 'if (route === undefined) span'],
    ]),
    ...inFile('libs/tracing/src/spans.ts', [
      [
        'gives a batch to the first request, sampled or not',
        'trace.getSpan(member)?.isRecording() === true);',
        'trace.getSpan(member) !== undefined);',
      ],
      [
        'leaves a batch of nobody in the trace of the batch before',
        'return context.with(ROOT_CONTEXT, work);',
        'return work();',
      ],
      [
        'links a batch to nobody',
        "attributes: { 'aegis.batch.size': members.length }, links }",
        "attributes: { 'aegis.batch.size': members.length } }",
      ],
      ['swallows what work throws', '      throw error;\n', ''],
    ]),
    ...inFile('libs/database/src/statements/micro-batch.ts', [
      [
        'gives every batch to the request that scheduled it',
        'const members = batch.map(({ trace }) => trace);',
        'const members = batch.map(() => currentTrace());',
      ],
    ]),
    ...inFile('libs/tracing/src/sdk/sampler.ts', [
      [
        'samples below a caller who does not',
        'return new ParentBasedSampler({ root: new AlwaysOnSampler() });',
        'return new AlwaysOnSampler();',
      ],
    ]),
    ...inFile('libs/config/src/environment.ts', [
      ['makes traces although the SDK is disabled', 'if (this.OTEL_SDK_DISABLED) return false;', ''],
    ]),
    ...inFile('libs/config/src/tracing/tracing-rules.ts', [
      [
        'sends headers without TLS',
        "if (url.protocol === 'https:' || isLoopback(url.hostname)) return [];",
        'return [];',
      ],
      [
        'takes a protocol that it does not speak',
        "if (!isSound(name) || environment[name] === 'http/protobuf') return [];",
        'return [];',
      ],
    ]),
    ...inFile('libs/config/src/tracing/tracing-values.ts', [
      [
        'takes line breaks into headers',
        'return /^\\P{Cc}*$/u.test(decoded) ? decoded : undefined;',
        'return decoded;',
      ],
      ['takes a header twice', ' || attributes.has(name)', ''],
    ]),
  ],
};
