import { inFile } from './fault.mjs';

export default {
  area: 'draining',
  suites: ['apps/server/src/drain.spec.ts'],
  faults: inFile('apps/server/src/drain.ts', [
    [
      'keeps connections open while it drains',
      "response.setHeader('Connection', 'close');",
      'response.getHeaders();',
    ],
    ['waits for later requests too', 'this.current = { open: 0 };', ''],
    ['waits without an end', 'awaited.open > 0 && performance.now() < deadline', 'awaited.open > 0'],
  ]),
};
