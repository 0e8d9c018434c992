// A machine without a network: it has the lib license-token, the root key that its software came with, and what somebody
// carried to it. `node machine.cjs request <license.jwt> <fingerprint>` prints a request and remembers its nonce;
// `node machine.cjs judge <fingerprint> <now> <folder>` judges what is in the folder by a clock that shows `now`, and
// prints the verdict as JSON: `license.jwt`, and where there are some `activation.json` (an offline file), `*.list` (newer
// status lists).
'use strict';
const { readFileSync, readdirSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const lib = require('./license-token/index.js');

const read = (...path) => readFileSync(join(...path), 'utf8').trim();
const NONCE = 'nonce.txt';

const commands = {
  async request(file, fingerprint) {
    const { claims } = lib.parseToken(read(file));
    const request = await lib.newOfflineRequest(claims.jti, fingerprint, new Date());
    writeFileSync(NONCE, request.nonce);
    return lib.formatOfflineRequest(request);
  },

  async judge(fingerprint, clock, folder) {
    const now = new Date(clock);
    const names = readdirSync(folder);
    const file = names.includes('activation.json')
      ? lib.parseOfflineFile(read(folder, 'activation.json'))
      : null;
    if (file && 'malformed' in file) return file.malformed;
    // Without an offline file, the key set came with the license.
    const keySet = await lib.openKeySet(file?.key_set ?? read(folder, 'jwks.jwt'), {
      root: JSON.parse(read('root-key.jwk.json')),
      now,
    });
    if ('refused' in keySet) return `key set ${keySet.refused}`;
    const carried = names.filter((name) => name.endsWith('.list')).map((name) => read(folder, name));
    const lists = await opened([...(file?.status_lists ?? []), ...carried], keySet);
    const token = file?.license_token ?? read(folder, 'license.jwt');
    const question = { module_name: 'payroll', odoo_version: '17.0', instance_fingerprint: null };
    const verdict = await lib.judgeOffline(token, question, {
      keySet,
      acceptedIssuers: [read('issuer.txt')],
      ...(lists.length > 0 && { statusLists: lists }),
      now,
      ...(file && {
        activation: {
          token: file.activation_token,
          fingerprint,
          nonce: read(NONCE),
          statusLists: lists,
        },
      }),
    });
    return JSON.stringify(verdict);
  },
};

async function opened(texts, keySet) {
  const keys = new Map();
  for (const key of keySet.keys) keys.set(key.kid, await lib.importEd25519(key));
  const lists = [];
  for (const text of texts) {
    const list = await lib.openStatusList(text, (kid) => keys.get(kid));
    if ('refused' in list) throw new Error(`status list ${list.refused}`);
    lists.push(list);
  }
  return lists;
}

const [name, ...args] = process.argv.slice(2);
commands[name](...args).then(
  (text) => console.log(text),
  (error) => {
    console.error(error);
    process.exitCode = 1;
  },
);
