// `npm run build:client [-- <folder>]`: builds the package into dist/, or into the folder: ECMAScript module, CommonJS and
// types, with libs/license-token in each of them. Node gets a build of its own (bundle.mjs).
import { generateDtsBundle } from 'dts-bundle-generator';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bundle, ENTRIES } from './bundle.mjs';

const PACKAGE = import.meta.dirname;
const target = resolve(process.argv[2] ?? join(PACKAGE, 'dist'));
/** `index.node` has the types of `index`. */
const TYPED = Object.entries(ENTRIES).filter(([name]) => name !== 'index.node');

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });

await bundle(target);

const types = generateDtsBundle(
  TYPED.map(([, { file }]) => ({
    filePath: file,
    // Their types are in ours, as their code is.
    libraries: { inlinedLibraries: ['openapi-fetch', 'openapi-typescript-helpers'] },
    output: { noBanner: true, exportReferencedTypes: false },
  })),
  { preferredConfigPath: join(PACKAGE, 'tsconfig.types.json') },
);
TYPED.forEach(([name], at) => {
  for (const extension of ['.d.ts', '.d.mts']) writeFileSync(join(target, name + extension), types[at]);
});

// Of what is in dist/api.*: its license asks for it.
const fetcher = join(PACKAGE, '../../node_modules/openapi-fetch');
const { name, version } = JSON.parse(readFileSync(join(fetcher, 'package.json'), 'utf8'));
writeFileSync(
  join(target, 'third-party-notices.txt'),
  `${name} ${version}\n\n${readFileSync(join(fetcher, 'LICENSE'), 'utf8')}`,
);
