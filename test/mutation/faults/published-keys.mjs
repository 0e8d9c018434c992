import { inFile } from './fault.mjs';

export default {
  area: 'published keys',
  suites: ['test/e2e/keys/published-without-database.spec.ts'],
  faults: inFile('libs/signing/src/ring/key-ring.service.ts', [
    [
      'has no key set without a database',
      'if (!isServed || this.restored !== undefined) throw this.restored ?? error;',
      'throw error;',
    ],
    [
      'serves a key set of long ago',
      'performance.now() - readAt < STALE_KEY_SET_SECONDS * 1000',
      'performance.now() - readAt < Infinity',
    ],
    [
      'serves the older of two',
      'if (this.published.readAt >= this.readAt) return this.published;',
      'return this.published;',
    ],
  ]),
};
