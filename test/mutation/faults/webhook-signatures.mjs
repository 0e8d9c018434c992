import { inFile } from './fault.mjs';

export default {
  area: 'webhook signatures',
  suites: ['libs/webhooks/src/signatures/sign-message.spec.ts'],
  faults: inFile('libs/webhooks/src/signatures/sign-message.ts', [
    ['signs no id', '`${id}.${timestampSeconds}.${body}`', '`.${timestampSeconds}.${body}`'],
    ['signs no moment', '`${id}.${timestampSeconds}.${body}`', '`${id}..${body}`'],
    ['signs no body', '`${id}.${timestampSeconds}.${body}`', '`${id}.${timestampSeconds}.`'],
    ['signs by another hash', "createHmac('sha256'", "createHmac('sha512'"],
    ['writes the HMAC as base64url', "digest('base64')", "digest('base64url')"],
    [
      'writes the Ed25519 signature as base64url',
      "privateKey).toString('base64')",
      "privateKey).toString('base64url')",
    ],
    ['signs by the current keys alone', 'return keys\n', 'return keys.slice(0, 1)\n'],
    ['the previous keys come first', 'return keys\n', 'return keys.toReversed()\n'],
    ['parts signatures by a comma', ".join(' ')", ".join(',')"],
  ]),
};
