// `npm run generate:client`: writes schema.d.ts from the OpenAPI document that the built server serves.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import openapiTypes, { astToString, COMMENT_HEADER } from 'openapi-typescript';
import { compiledMain } from '../../apps/launcher/preparation/compilation.mjs';
import { prepare, root } from '../../apps/launcher/preparation/prepare.mjs';

await prepare({ withTools: true });
const document = await served();
const types = COMMENT_HEADER + astToString(await openapiTypes(document));
writeFileSync(join(import.meta.dirname, 'schema.d.ts'), types);

/** Starts a server in a folder of its own, asks it for the document, ends it. */
async function served() {
  const folder = mkdtempSync(join(tmpdir(), 'aegis-openapi-'));
  const { PATH, HOME } = process.env;
  const server = spawn(process.execPath, [compiledMain(root, 'server')], {
    cwd: folder,
    env: { PATH, HOME, PORT: '0', METRICS_PORT: '0', LOG_FORMAT: 'json' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(server, 'close');
  try {
    const response = await fetch(`${await listening(server)}/openapi.json`);
    return await response.json();
  } finally {
    server.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

async function listening(server) {
  let output = '';
  for await (const chunk of server.stdout) {
    output += chunk;
    const url = /^\{.*\blistens".*$/m.exec(output)?.[0].match(/"url":"([^"]+)"/)?.[1];
    if (url !== undefined) {
      server.stdout.resume();
      return url;
    }
  }
  throw new Error('the server ended before it listened');
}
