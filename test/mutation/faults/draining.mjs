import { inFile } from './fault.mjs';

export default {
  area: 'draining',
  suites: ['apps/server/src/drain.spec.ts', 'apps/server/src/stop.spec.ts'],
  faults: [
    ...inFile('apps/server/src/drain.ts', [
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
    ...inFile('apps/server/src/stop.ts', [
      ['takes longer than the grace period of Kubernetes', 'CLOSE_MS = 12_000', 'CLOSE_MS = 15_000'],
      [
        'waits forever for what does not close',
        'if (!(await endsWithin(closeMs, app.close())))',
        'if (!(await app.close().then(() => true)))',
      ],
      ['leaves the database running', '  await database.release();\n', ''],
    ]),
  ],
};
