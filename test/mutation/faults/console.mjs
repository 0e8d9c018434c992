import { inFile } from './fault.mjs';

const HERE = 'apps/server/src/console';

export default {
  area: 'the console: how its files are served, and its pure parts',
  suites: [
    'test/e2e/operation/console.spec.ts',
    'clients/console/src/api/curl.spec.ts',
    'clients/console/src/api/problem.spec.ts',
    'clients/console/src/licenses/entitlements.spec.ts',
  ],
  faults: [
    ...inFile(`${HERE}/console.controller.ts`, [
      ['lets texts become markup', `  "require-trusted-types-for 'script'",\n`, ''],
      ['lets scripts of others in', `"script-src 'self'"`, `"script-src *"`],
      [
        'keeps the page in caches',
        `@CacheControl('no-cache')
  @RespondsAsIs('text/html; charset=utf-8')
  index()`,
        `@CacheControl('public, max-age=3600')
  @RespondsAsIs('text/html; charset=utf-8')
  index()`,
      ],
      ['asks again for each file', 'public, max-age=31536000, immutable', 'no-cache'],
    ]),
    ...inFile(`${HERE}/console.module.ts`, [
      ['serves the console that is closed', 'if (!CONSOLE_ENABLED) return { module: ConsoleModule };', ''],
    ]),
    ...inFile(`${HERE}/console-build.ts`, [
      ['builds in production', 'this.environment.isProduction || ', ''],
    ]),
    ...inFile('libs/http/src/answers/precompressed.ts', [
      ['never sends Brotli', "brotli !== undefined && request.acceptsEncodings('br') === 'br'", 'false'],
    ]),
    ...inFile('clients/console/src/api/curl.ts', [
      ['lets a text end its quotes', `text.replaceAll("'", "'\\\\''")`, 'text'],
      ['shows filters that are not set', "value !== undefined && value !== ''", "value !== ''"],
    ]),
    ...inFile('clients/console/src/api/problem.ts', [
      ['shows the last message of a field', 'found[name] ??= message;', 'found[name] = message;'],
    ]),
    ...inFile('clients/console/src/licenses/entitlements.ts', [
      [
        'reads every value as a text',
        'return /^-?\\d{1,15}$/.test(text) ? Number(text) : text;',
        'return text;',
      ],
    ]),
  ],
};
