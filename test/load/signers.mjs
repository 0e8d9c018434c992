// `npm run bench:signers [-- --short]`: signatures per second of each signer that can be had on this machine, as ratios
// to bare node:crypto in the same run. What is measured: docs/benchmarks.md.
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { root } from '../../apps/launcher/preparation/prepare.mjs';
import { median } from './median.mjs';

const { values: options } = parseArgs({ options: { short: { type: 'boolean', default: false } } });
const ROUNDS = options.short ? 3 : 5;
const ROUND_MS = options.short ? 300 : 2000;
/** Signatures under way at once, as under load. */
const CONCURRENCY = 32;
const SOFT_HSM = '/usr/lib/softhsm/libsofthsm2.so';
/** As long as a license to sign. */
const input = randomBytes(600);

const require = createRequire(import.meta.url);
const { signerSource, writeKeyPair } = require(join(root, 'dist/libs/signing/src'));
const { loadPkcs11 } = require(join(root, 'dist/libs/signing/src/signers/pkcs11/pkcs11-module'));
const { Pkcs11Source } = require(join(root, 'dist/libs/signing/src/signers/pkcs11/pkcs11-source'));
const { SignerGuard } = require(join(root, 'dist/libs/signing/src/signers/signer-guard'));
const { SignerMetrics } = require(join(root, 'dist/libs/signing/src/signers/signer-metrics'));
const { loadEnvironment } = require(join(root, 'dist/libs/config/src'));
const { Logger } = require(join(root, 'dist/libs/logging/src'));
const { Metrics } = require(join(root, 'dist/libs/metrics/src'));

/** @typedef {{ name: string, sign: (input: Uint8Array) => Promise<Uint8Array>, close?: () => Promise<void> }} Contestant */

const folder = mkdtempSync(join(tmpdir(), 'aegis-signers-'));
const logger = new Logger({
  level: 'error',
  format: 'text',
  stream: new Writable({ write: (line, _encoding, done) => process.stderr.write(line, done) }),
});

/**
 * @param {string} name
 * @param {Record<string, string>} variables
 * @param {string} [kid] the only one there is, unless given
 * @returns {Promise<Contestant>}
 */
async function contestant(name, variables, kid) {
  const environment = loadEnvironment({ DATA_DIR: join(folder, 'data'), ...variables });
  const source = signerSource(environment, logger, new Metrics());
  const { signer } = await source.open(kid ?? (await source.kids())[0]);
  return { name, sign: (bytes) => signer.sign(bytes), close: () => source.close?.() };
}

/** Signs and verifies, as every signer does, and nothing else. */
function bareCrypto() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    name: 'node:crypto, sign and verify',
    sign: async (/** @type {Uint8Array} */ bytes) => {
      const signature = sign(null, bytes, privateKey);
      if (!verify(null, bytes, publicKey, signature)) throw new Error('node:crypto signed wrongly');
      return signature;
    },
  };
}

async function pemFile() {
  await writeKeyPair(join(folder, 'keys'), 'bench', 'a passphrase for benchmarks');
  const variables = { KEYS_DIR: join(folder, 'keys'), KEY_PASSPHRASE: 'a passphrase for benchmarks' };
  return contestant('SIGNER=pem', variables);
}

/** A service that does no more than Vault's protocol demands, in this very process: shows what the way there costs. */
async function vaultStandIn() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const data = request.url?.startsWith('/v1/transit/sign/')
      ? `vault:v1:${sign(null, Buffer.from(JSON.parse(body).input, 'base64'), privateKey).toString('base64')}`
      : undefined;
    const described = { type: 'ed25519', ttl: 0, keys: { 1: { public_key: raw } } };
    response.end(JSON.stringify({ data: data ? { signature: data } : described }));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  const made = await contestant('SIGNER=vault, stand-in in this process', {
    SIGNER: 'vault',
    SIGNER_TIMEOUT_MS: '10000',
    VAULT_ADDR: `http://127.0.0.1:${address.port}`,
    VAULT_TOKEN: 'bench',
    VAULT_KEYS: 'bench',
  });
  const close = async () => {
    await made.close?.();
    server.closeAllConnections();
    server.close();
  };
  return { ...made, close };
}

/** @returns {Promise<Contestant | undefined>} SoftHSM2 with a key of its own, and the addon compiled next to it; undefined where either can't be had. */
async function softHsm() {
  if (!existsSync(SOFT_HSM)) return undefined;
  const conf = join(folder, 'softhsm2.conf');
  mkdirSync(join(folder, 'tokens'));
  writeFileSync(conf, `directories.tokendir = ${join(folder, 'tokens')}\nobjectstore.backend = file\n`);
  process.env.SOFTHSM2_CONF = conf;
  const run = (/** @type {string} */ command, /** @type {string[]} */ ...args) =>
    execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  try {
    run(
      'softhsm2-util',
      '--init-token',
      '--free',
      '--label',
      'bench',
      '--so-pin',
      '84620137',
      '--pin',
      '648219',
    );
    const token = ['--module', SOFT_HSM, '--token-label', 'bench', '--login', '--pin', '648219'];
    run('pkcs11-tool', ...token, '--keypairgen', '--key-type', 'EC:edwards25519', '--label', 'bench');
    writeFileSync(join(folder, 'package.json'), '{"private":true}');
    run(
      'npm',
      'install',
      '--prefix',
      folder,
      '--no-save',
      '--ignore-scripts=false',
      '--no-audit',
      '--no-fund',
      'pkcs11js@2.1.7',
    );
  } catch (error) {
    process.stderr.write(`SoftHSM2 is left out: ${String(error).split('\n')[0]}\n`);
    return undefined;
  }
  const source = new Pkcs11Source(loadPkcs11(SOFT_HSM, join(folder, 'node_modules', 'pkcs11js')), {
    token: 'bench',
    pin: '648219',
    size: 2,
    guard: new SignerGuard({ timeoutMs: 10_000, logger, metrics: new SignerMetrics(new Metrics()) }),
    openTimeoutMs: 10_000,
  });
  const { signer } = await source.open('bench');
  return {
    name: 'SIGNER=pkcs11, SoftHSM2, 2 sessions',
    sign: (/** @type {Uint8Array} */ bytes) => signer.sign(bytes),
    close: () => source.close(),
  };
}

/**
 * One round.
 * @param {Contestant} one
 * @returns {Promise<number>} signatures per second
 */
async function rate({ sign: make }) {
  const startedAt = performance.now();
  const endsAt = startedAt + ROUND_MS;
  let made = 0;
  const worker = async () => {
    do {
      const signature = await make(input);
      if (signature.length !== 64) throw new Error('what was answered is not a signature');
      made += 1;
    } while (performance.now() < endsAt);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return made / ((performance.now() - startedAt) / 1000);
}

/** @type {Contestant[]} */
const contestants = [];
try {
  contestants.push(bareCrypto(), await pemFile());
  const hsm = await softHsm();
  if (hsm) contestants.push(hsm);
  contestants.push(await vaultStandIn());
  /** @type {number[][]} */
  const rates = contestants.map(() => []);
  for (const one of contestants) await rate(one);
  // Taking turns, so that what else the machine does hits all.
  for (let round = 0; round < ROUNDS; round++)
    for (const [index, one] of contestants.entries()) rates[index]?.push(await rate(one));
  const [bare = []] = rates;
  process.stdout.write('| signer | signatures/s | of node:crypto |\n| --- | --- | --- |\n');
  for (const [index, { name }] of contestants.entries()) {
    const own = rates[index] ?? [];
    const ratio = median(own.map((value, round) => value / (bare[round] ?? Number.NaN)));
    process.stdout.write(`| ${name} | ${median(own).toFixed(0)} | ${ratio.toFixed(2)} |\n`);
  }
} finally {
  for (const one of contestants) await one.close?.();
  rmSync(folder, { recursive: true, force: true });
}
