// `node in-node.mjs <module> crypto|subtle`: the question of standard input, by a build of the TypeScript client and by what
// Node has. A process of its own: the one build warms nothing up for the other.
import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { measurePairs } from './pairs.mjs';

const [, , file = '', by] = process.argv;
const { token, signingInput, signature, jwk, size, ...question } = JSON.parse(readFileSync(0, 'utf8'));
const { verifyLicense } = await import(pathToFileURL(file).href);
const options = { ...question, keys: [jwk] };
const signed = new Uint8Array(Buffer.from(signingInput));
const bytes = new Uint8Array(Buffer.from(signature, 'base64url'));

async function rawWork() {
  if (by === 'crypto') {
    const key = createPublicKey({ format: 'jwk', key: jwk });
    return () => verify(null, signed, key, bytes);
  }
  const { subtle } = globalThis.crypto;
  const key = await subtle.importKey('jwk', jwk, 'Ed25519', false, ['verify']);
  return () => subtle.verify('Ed25519', key, bytes, signed);
}

const raw = await rawWork();
const { code } = await verifyLicense(token, options);
if (code !== 'VALID' || (await raw()) !== true) throw new Error(`refused: ${code}`);
const found = await measurePairs(raw, () => verifyLicense(token, options), size);
process.stdout.write(JSON.stringify({ runtime: `Node ${process.versions.node}`, ...found }));
