// A receiver of webhooks: verifies, de-duplicates, and fetches what it has missed. README.md says how to run it.
import { createServer } from 'node:http';
import { Journal } from './journal.mjs';
import { webhookProblem } from './verify.mjs';

const MAX_BODY_BYTES = 256 * 1024;
/** An event can overtake one of another license: only a gap that stays is a miss. */
const GAP_PATIENCE_MS = Number(process.env.GAP_PATIENCE_SECONDS ?? 60) * 1000;

const keys = {
  secrets: words(process.env.AEGIS_WEBHOOK_SECRET),
  publicKeys: words(process.env.AEGIS_WEBHOOK_PUBLIC_KEY),
};
if (keys.secrets.length + keys.publicKeys.length === 0)
  throw new Error('Set AEGIS_WEBHOOK_SECRET (whsec_…) or AEGIS_WEBHOOK_PUBLIC_KEY (whpk_…).');
const journal = new Journal(process.env.JOURNAL ?? 'events.jsonl');

const server = createServer((request, response) => {
  answer(request).then(
    ({ status, text }) => response.writeHead(status, { 'content-type': 'text/plain' }).end(text),
    (/** @type {unknown} */ error) => {
      // Not acknowledged: it is sent again.
      console.error(error instanceof Error ? error.message : error);
      response.writeHead(500).end();
    },
  );
});

/** @param {import('node:http').IncomingMessage} request */
async function answer(request) {
  if (request.method !== 'POST') return { status: 405, text: 'POST events here' };
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return { status: 413, text: 'too large' };
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  const problem = webhookProblem({ headers: request.headers, body }, keys, Date.now() / 1000);
  if (problem !== undefined) return { status: 401, text: problem };
  const event = JSON.parse(body.toString('utf8'));
  // The test of an endpoint has no sequence, and is not one of its events.
  if (event.type === 'webhook.test') console.log(`test ${event.id}`);
  else receive(event);
  return { status: 204, text: '' };
}

/** @param {import('./journal.mjs').WebhookEvent} event */
function receive(event) {
  const isNew = !journal.has(event.id);
  // Here your program does its work. What fails is not on record, so it comes again.
  console.log(`${isNew ? 'new' : 'again'} ${event.sequence} ${event.type} ${event.id}`);
  journal.record(event);
}

/** Reads from the server what is missing. */
async function fetchMissed() {
  const { AEGIS_URL, AEGIS_API_KEY, AEGIS_WEBHOOK_ID } = process.env;
  if (!AEGIS_URL || !AEGIS_API_KEY || !AEGIS_WEBHOOK_ID) {
    console.error(
      `events after ${journal.upTo} are missing: set AEGIS_URL, AEGIS_API_KEY and AEGIS_WEBHOOK_ID`,
    );
    return;
  }
  for (let hasMore = true; hasMore;) {
    const url = new URL('/api/v1/events', AEGIS_URL);
    url.search = new URLSearchParams({ endpoint: AEGIS_WEBHOOK_ID, after: String(journal.upTo) }).toString();
    // A redirect could lead to another host, which must not have the key.
    const response = await fetch(url, { headers: { 'x-api-key': AEGIS_API_KEY }, redirect: 'error' });
    if (!response.ok)
      throw new Error(`events after ${journal.upTo} are missing, and could not be read: ${response.status}`);
    const page = await response.json();
    for (const event of page.events) receive(event);
    journal.complete(page.last_sequence);
    hasMore = page.has_more;
  }
}

let hadGap = false;
const gaps = setInterval(() => {
  const isMissing = hadGap && journal.hasGap;
  hadGap = journal.hasGap;
  if (isMissing) fetchMissed().catch((/** @type {Error} */ error) => console.error(error.message));
}, GAP_PATIENCE_MS);

/** @param {string | undefined} text */
function words(text) {
  return (text ?? '').split(/\s+/).filter((word) => word !== '');
}

for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => {
    clearInterval(gaps);
    server.close(() => journal.close());
    server.closeIdleConnections();
  });
server.listen(Number(process.env.PORT ?? 9000), () => {
  const address = server.address();
  console.log(`receiving on port ${typeof address === 'object' ? address?.port : address}`);
});
