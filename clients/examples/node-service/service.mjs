// A service that runs under a license: it verifies it at its start and every hour, keeps the license's status list, and holds
// a floating seat, which it gives back when it ends. `node service.mjs <folder>`; README.md says what is in the folder.
import { SeatHolder, StatusListKeeper, statusListUri, verifyLicense } from '@aegis/client';
import { jsonFile } from '@aegis/client/node';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const MODULE = 'payroll';
const VERSION = '17.0';
const CHECK_EVERY_MS = 3_600_000;
/** A list may be a month old. A service that nobody ever connects stops then. */
const MAX_OFFLINE_S = 30 * 86_400;

const inFolder = (name) => join(process.argv[2] ?? '.', name);
const { server, issuer } = JSON.parse(await readFile(inFolder('settings.json'), 'utf8'));
const { keys } = JSON.parse(await readFile(inFolder('jwks.json'), 'utf8'));
const token = await readFile(inFolder('license.jwt'), 'utf8');

/** The identity of this installation: made at the first start, kept with the data. */
const installation = jsonFile(inFolder('installation.json'));
const { fingerprint } = (await installation.load()) ?? { fingerprint: randomUUID() };
await installation.save({ fingerprint });

const guard = jsonFile(inFolder('clock.json'));
const seat = new SeatHolder({
  baseUrl: server,
  token,
  keys,
  module: MODULE,
  version: VERSION,
  fingerprint,
  storage: jsonFile(inFolder('seat.json')),
  onEvent: ({ event }) => console.log(`seat: ${event}`),
});
const uri = await statusListUri(token, keys);
const list = uri && new StatusListKeeper({ uri, keys, storage: jsonFile(inFolder('list.json')) });

async function end(exitCode) {
  clearInterval(timer);
  list?.stop();
  await seat.release();
  process.exitCode = exitCode;
}

async function check() {
  const { valid, code, error, revocation, clock, customer_name } = await verifyLicense(seat.token, {
    keys,
    issuer,
    module: MODULE,
    version: VERSION,
    statusList: list?.statusList,
    maxOffline: MAX_OFFLINE_S,
    guard,
    activation: seat.shown,
  });
  console.log(code, revocation, clock, customer_name);
  if (valid) return;
  console.log(`not licensed: ${error}`);
  await end(1);
}

const timer = setInterval(() => void check(), CHECK_EVERY_MS);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void end(0));
await list?.start();
await list?.refresh();
await seat.start();
await check();
// Here your service does its work.
