// `npm run sbom [-- <file>]`: writes what the server is made of in production, as CycloneDX JSON (ECMA-424).
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const DEVELOPMENT = 'cdx:npm:package:development';
const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const target = resolve(process.argv[2] ?? 'sbom.cdx.json');

const bom = allPackages();
const { name, packages } = JSON.parse(readFileSync(resolve(root, 'package-lock.json'), 'utf8'));
const production = new Set([
  bom.metadata.component['bom-ref'],
  ...Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`),
]);

// npm names the product after the folder that it is in.
bom.metadata.component.name = name;
bom.components = bom.components
  .filter((component) => production.has(component['bom-ref']))
  // A package that is there twice, once for development, may have been listed as that one.
  .map((component) => ({
    ...component,
    properties: component.properties.filter((property) => property.name !== DEVELOPMENT),
  }));
bom.dependencies = bom.dependencies
  .filter(({ ref }) => production.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => production.has(other)) }));
writeFileSync(target, `${JSON.stringify(bom, null, 2)}\n`);
console.log(`${target}: ${bom.components.length} components`);

/** npm's own list with `--omit=dev` lacks a third of what production has: all are asked for, then chosen from. */
function allPackages() {
  const options = ['--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application'];
  const npm = spawnSync('npm', ['sbom', ...options], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (npm.status === 0) return JSON.parse(npm.stdout);
  process.stderr.write(npm.stderr ?? `${String(npm.error)}\n`);
  process.exit(1);
}
