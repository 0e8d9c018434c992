// A program on a machine without any network: it asks for a seat by a code that a person carries to the vendor, and starts by
// the file that comes back. `node start.mjs <folder>`; README.md says what is in the folder.
import { offlineSeatRequest, readOfflineSeatFile, verifyLicense } from '@aegis/client';
import { jsonFile } from '@aegis/client/node';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const WHAT_TO_DO = {
  ACTIVATION_ENDED: 'The file of this installation has ended. Delete request.json and ask for a new one.',
  ACTIVATION_MISMATCH: 'activation.json answers the request of another installation.',
  CLOCK_SET_BACK: 'Set the clock of this machine right.',
  EXPIRED: 'Ask your vendor to renew the license.',
  REVOKED: 'The license was revoked. Ask your vendor.',
  SIGNATURE_INVALID: 'A file was damaged on its way. Copy it again.',
};

const inFolder = (name) => join(process.argv[2] ?? '.', name);
const text = (name) => readFile(inFolder(name), 'utf8').then((found) => found.trim());
/** Null where the file is not there. */
const textIfThere = (name) => text(name).catch(() => null);

const { issuer } = JSON.parse(await text('settings.json'));
const { keys } = JSON.parse(await text('jwks.json'));
const kept = jsonFile(inFolder('request.json'));

async function makeRequest() {
  const fingerprint = randomUUID();
  const { request, nonce } = await offlineSeatRequest(await text('license.jwt'), fingerprint);
  await kept.save({ fingerprint, nonce, request });
  return { fingerprint, nonce, request };
}

const asked = (await kept.load()) ?? (await makeRequest());
const answer = await textIfThere('activation.json');
if (answer === null) {
  console.log('Send this code to your vendor, and put the file that comes back here as activation.json:');
  console.log(asked.request);
  process.exit(2);
}
const file = readOfflineSeatFile(answer, asked);
if (file === null) {
  console.log('activation.json is not an offline file. Copy it again.');
  process.exit(1);
}
const newerList = await textIfThere('status-list.jwt');
const { valid, code, error, customer_name, activation } = await verifyLicense(file.token, {
  keys,
  issuer,
  module: 'payroll',
  version: '17.0',
  statusList: newerList === null ? file.statusList : [...file.statusList, newerList],
  guard: jsonFile(inFolder('clock.json')),
  activation: file.activation,
});
if (valid) console.log(`licensed to ${customer_name} until ${activation?.lease_ends_at}`);
else console.log(`${code}: ${WHAT_TO_DO[code] ?? error}`);
process.exitCode = valid ? 0 : 1;
