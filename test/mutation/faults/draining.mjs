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
    ['cuts nobody who takes no answer', 'server.closeAllConnections();', ''],
    [
      'does not wait for open requests',
      'await new Promise((ended) => server.close(ended));',
      'server.close();',
    ],
  ]),
};
