// A receiver that acknowledges at once, and says how long after its commit each event arrived.
import { createServer } from 'node:http';

/** Milliseconds from the moment that an event names to its receipt, by the clock of this machine. @type {number[]} */
let latencies = [];

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    if (request.method === 'POST') {
      const { timestamp } = JSON.parse(Buffer.concat(chunks).toString());
      latencies.push(Date.now() - Date.parse(timestamp));
      response.writeHead(204).end();
      return;
    }
    const [, path] = (request.url ?? '').split('/');
    response.end(JSON.stringify(path === 'count' ? latencies.length : latencies));
    if (path === 'take') latencies = [];
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.(server.address().port));
process.once('disconnect', () => process.exit());
